// The only script of ours: says so when the server itself is out of reach (the stream reconnects by itself).
"use strict";
(() => {
  const show = (isLost) => {
    const notice = document.getElementById("server-lost");
    if (notice) notice.hidden = !isLost;
  };
  document.addEventListener("htmx:sseError", () => show(true));
  document.addEventListener("htmx:sseOpen", () => show(false));
})();
