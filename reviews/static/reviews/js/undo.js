// Counts undo windows down, by the seconds that the server gave: clocks of browsers are not
// trusted. When one is over, the page of its case shows what became of it; any other page just
// stops offering it.
for (const form of document.querySelectorAll("[data-undo]")) {
  const left = form.querySelector("[data-undo-left]");
  const until = performance.now() + Number(form.dataset.seconds) * 1000;
  const timer = setInterval(() => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    left.textContent = String(Math.max(0, seconds));
    if (seconds > (form.dataset.undo === "hide" ? 0 : -1)) return;
    clearInterval(timer);
    if (form.dataset.undo === "hide") form.hidden = true;
    else location.reload();
  }, 250);
}
