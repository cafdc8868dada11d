// Counts the undo window down, by the seconds that the server gave: clocks of browsers are not
// trusted. When it is over the page shows what became of the case.
const form = document.querySelector("[data-undo]");
if (form) {
  const left = form.querySelector("[data-undo-left]");
  const until = performance.now() + Number(form.dataset.seconds) * 1000;
  const timer = setInterval(() => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    left.textContent = String(Math.max(0, seconds));
    if (seconds > -1) return;
    clearInterval(timer);
    location.reload();
  }, 250);
}
