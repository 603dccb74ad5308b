// Shows how much of a file has gone. Without it the form is sent as forms are.
"use strict";
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const megabytes = (bytes) => (bytes / 1048576).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sending = document.getElementById("sending");
    const failed = document.getElementById("upload-failed");
    const button = form.querySelector("button");
    const request = new XMLHttpRequest();
    const show = (isSending) => { sending.hidden = !isSending; button.disabled = isSending; };
    request.upload.addEventListener("progress", (part) => {
      if (!part.lengthComputable) return;
      sending.querySelector("progress").value = part.loaded / part.total;
      sending.querySelector("output").textContent = `${megabytes(part.loaded)} / ${megabytes(part.total)} MB`;
    });
    request.addEventListener("load", () => {
      // A redirect was followed: go where it led. Anything else is a page that says what is wrong.
      if (request.status === 200 && request.responseURL !== form.action) { location.assign(request.responseURL); return; }
      document.open(); document.write(request.responseText); document.close();
    });
    request.addEventListener("error", () => { show(false); failed.hidden = false; });
    failed.hidden = true;
    show(true);
    sending.scrollIntoView({ block: "nearest" });
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.send(new FormData(form));
  });
})();
