// Seconds of attention: the page visible and focused, a pause cut after a minute.
const IDLE_AFTER = 60_000;

const field = document.querySelector("[data-active-seconds]");
let active = Number(field.value) || 0;
let countedAt = performance.now();
let usedAt = countedAt;

function count() {
  const now = performance.now();
  const end = Math.min(now, usedAt + IDLE_AFTER);
  if (document.visibilityState === "visible" && document.hasFocus() && end > countedAt) {
    active += (end - countedAt) / 1000;
  }
  countedAt = now;
  field.value = active.toFixed(1);
}

for (const kind of ["keydown", "pointerdown", "pointermove", "scroll", "input", "focus"]) {
  document.addEventListener(kind, () => { count(); usedAt = performance.now(); }, { passive: true, capture: true });
}
for (const kind of ["visibilitychange", "blur"]) addEventListener(kind, count, true);
setInterval(count, 1000);
field.form.addEventListener("submit", count);
