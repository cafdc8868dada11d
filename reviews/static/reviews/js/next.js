// What comes next is fetched ahead without being taken, and stands on the screen as soon as it is
// asked for: read while the claim is on its way, pressed only once it is one's own.
const THEN = "handrail.then";
const AFTER = 800;
const FRESH_FOR = 90_000;

const form = document.querySelector("[data-next]");
const then = document.querySelector("[data-then]");
const content = document.getElementById("content");
let ahead = null;

async function fetchAhead() {
  const asked = new URLSearchParams();
  for (const name of ["queue", "looked_at"]) if (form.elements[name]?.value) asked.set(name, form.elements[name].value);
  try {
    const answer = await fetch(`${form.dataset.next}?${asked}`, { cache: "no-store" });
    if (answer.status !== 200 || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("content");
    for (const control of page.querySelectorAll("form, [data-key], [hx-get], [hx-post]")) control.remove();
    ahead = { name: answer.headers.get("Handrail-Case"), page: document.importNode(page, true), at: performance.now() };
  } catch {
    // Nothing ahead: the next page comes as any page does.
  }
}

function show(sent) {
  if (ahead === null || performance.now() - ahead.at > FRESH_FOR) return;
  const shown = document.createElement("input");
  Object.assign(shown, { type: "hidden", name: "shown", value: ahead.name });
  sent.append(shown);
  // Only after the browser has read the form, which is about to leave the page.
  setTimeout(() => {
    content.inert = true;
    content.setAttribute("aria-busy", "true");
    content.replaceChildren(...ahead.page.childNodes);
    scrollTo(0, 0);
  }, 0);
}

document.addEventListener("submit", (event) => {
  const isNext = event.target === form;
  const isVerdict = then?.checked && event.submitter?.matches("[data-verdict], [data-move-send]");
  if (!event.defaultPrevented && (isNext || isVerdict)) show(event.target);
});
addEventListener("pageshow", (event) => { if (event.persisted && content.inert) location.reload(); });

if (then) {
  then.checked = localStorage.getItem(THEN) === "on";
  then.addEventListener("change", () => localStorage.setItem(THEN, then.checked ? "on" : "off"));
}
if (form) setTimeout(fetchAhead, AFTER);
