// Keeps what is typed on the server, a moment after each pause and when the page is left.
const AFTER = 1200;

for (const form of document.querySelectorAll("[data-draft]")) {
  const said = form.querySelector("[data-draft-said]");
  let waiting = 0;
  let isSent = false;

  const content = () => {
    const body = new FormData(form);
    body.delete("password");
    return body;
  };
  async function save() {
    waiting = 0;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: content(), credentials: "same-origin" });
      if (answer.redirected || !answer.ok) said.textContent = form.dataset.wordLoggedOut;
      else said.textContent = (await answer.json()).said;
    } catch {
      // Offline for a moment: the next pause tries again.
    }
  }
  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(save, AFTER);
  }
  form.addEventListener("input", later);
  form.addEventListener("htmx:afterSwap", later);
  form.addEventListener("submit", () => { isSent = true; clearTimeout(waiting); });
  addEventListener("pagehide", () => {
    if (waiting && !isSent) navigator.sendBeacon(form.dataset.draft, content());
  });
}
