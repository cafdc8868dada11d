// Counts the lease down and renews it while somebody works on the page.
const USED_WITHIN = 60_000;
const RENEW_EVERY = 60_000;
const WARN_UNDER = 120;

const place = document.querySelector("[data-lease]");
const left = place.querySelector("[data-lease-left]");
const form = document.querySelector("[data-verdict-form]");
let endsAt = performance.now() + Number(place.dataset.seconds) * 1000;
let usedAt = performance.now();
let renewedAt = performance.now();
let isOurs = true;

for (const kind of ["keydown", "pointerdown", "pointermove", "scroll", "input"]) {
  document.addEventListener(kind, () => { usedAt = performance.now(); }, { passive: true });
}

function draw() {
  const seconds = Math.max(0, Math.round((endsAt - performance.now()) / 1000));
  left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  place.classList.toggle("warn", seconds < WARN_UNDER);
}

async function renew() {
  renewedAt = performance.now();
  const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
  try {
    const answer = await fetch(place.dataset.lease, { method: "POST", body, credentials: "same-origin" });
    const said = await answer.json();
    if (answer.ok) endsAt = performance.now() + said.seconds * 1000;
    else { isOurs = false; form.querySelector("[data-said]").textContent = said.detail; }
  } catch {
    // Offline for a moment: the countdown goes on, and so does the next try.
  }
}

setInterval(() => {
  const now = performance.now();
  const isUsed = document.visibilityState === "visible" && now - usedAt < USED_WITHIN;
  if (isOurs && isUsed && now - renewedAt >= RENEW_EVERY) renew();
  draw();
}, 1000);
draw();
