// The only script of ours. Without it the page is complete; with it the page keeps itself up to date.
"use strict";
(() => {
  // The stream reconnects by itself; meanwhile say that the figures stand still.
  const show = (isLost) => {
    const notice = document.getElementById("server-lost");
    if (notice) notice.hidden = !isLost;
  };
  document.addEventListener("htmx:sseError", () => show(true));
  document.addEventListener("htmx:sseOpen", () => show(false));

  // A stream begins with everything. What is shown already stays, and with it the keyboard's focus.
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    const shown = event.target.firstElementChild?.dataset.version;
    if (shown && event.detail.data.startsWith(`<div data-version="${shown}">`)) event.preventDefault();
  });
})();
