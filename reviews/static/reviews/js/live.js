// Keeps the page true while somebody looks at it: asks every few seconds, draws only what is
// different, and moves nothing that a hand is on.
const HEADERS = { "Handrail-Live": "1" };
const EVERY = 5_000;
const SLOWLY = 15_000;
const LONGEST = 120_000;

const rail = document.querySelector("[data-live]");
const notice = document.querySelector("[data-live-notice]");
const pause = notice ? EVERY : SLOWLY;
let wait = pause;
let tag = "";
let held = null;
let timer = 0;

const rowsOf = (part) => new Map([...part.querySelectorAll("[data-row][id]")].map((row) => [row.id, row]));
const order = (part) => [...rowsOf(part).keys()].join();

function isInUse(part) {
  return part.matches(":hover, :focus-within") || part.querySelector("[data-pick]:checked, details[open]") !== null;
}

// Cell by cell, so that a link in focus stays the link in focus, and a ticked box ticked.
function patch(old, fresh) {
  const cells = [...old.children];
  if (cells.length !== fresh.children.length) { old.replaceChildren(...fresh.children); return; }
  cells.forEach((cell, at) => {
    const next = fresh.children[at];
    if (cell.querySelector("[data-pick]") || cell.matches("[data-pick]") || cell.innerHTML === next.innerHTML) return;
    if (cell.contains(document.activeElement) && cell.children.length === next.children.length) patch(cell, next);
    else if (!cell.contains(document.activeElement)) cell.innerHTML = next.innerHTML;
  });
}

function patchRows(old, fresh) {
  const next = rowsOf(fresh);
  for (const [id, row] of rowsOf(old)) {
    const isGone = !next.has(id);
    row.classList.toggle("gone", isGone);
    if (isGone) row.title = notice.dataset.wordGone;
    else { row.removeAttribute("title"); patch(row, next.get(id)); }
  }
}

function tell(isDifferent) {
  if (notice) notice.firstElementChild.hidden = !isDifferent;
}

function replace(old, fresh) {
  old.replaceWith(document.importNode(fresh, true));
  tell(false);
}

function mergeCalmly(old, fresh) {
  if (!isInUse(old)) { held = null; replace(old, fresh); return; }
  held = fresh;
  patchRows(old, fresh);
  tell(order(old) !== order(fresh));
}

function merge(text) {
  const parts = new DOMParser().parseFromString(text, "text/html").querySelectorAll("[data-part]");
  for (const fresh of parts) {
    const old = document.getElementById(fresh.id);
    if (old === null || old.innerHTML === fresh.innerHTML) continue;
    if (fresh.matches("[data-calm]")) mergeCalmly(old, fresh);
    else if (old.contains(document.activeElement)) patch(old, fresh);
    else old.replaceChildren(...fresh.childNodes);
  }
  document.dispatchEvent(new CustomEvent("handrail:merged"));
  return parts.length > 0;
}

function show() {
  if (held) replace(document.getElementById(held.id), held);
  held = null;
  document.dispatchEvent(new CustomEvent("handrail:merged"));
}

async function look() {
  if (held && !isInUse(document.getElementById(held.id))) show();
  try {
    const answer = await fetch(rail.dataset.live, { headers: { ...HEADERS, "If-None-Match": tag }, cache: "no-store" });
    if (answer.status === 304) wait = pause;
    else if (answer.ok && !answer.redirected && merge(await answer.text())) {
      tag = answer.headers.get("ETag") ?? "";
      wait = pause;
    } else wait = LONGEST;
  } catch {
    wait = Math.min(wait * 2, LONGEST);
  }
  later();
}

// Not all browsers of a team at the same moment; none that nobody looks at.
function later() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(look, wait * (0.9 + Math.random() / 5));
}

if (rail) {
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") look();
  });
  notice?.querySelector("[data-live-show]").addEventListener("click", () => {
    const id = held?.id;
    show();
    document.getElementById(id)?.querySelector("[data-row] a")?.focus();
  });
  later();
}
