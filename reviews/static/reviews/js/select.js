// Rows are chosen by their boxes: one, up to here with Shift, all on the page, or by key.
const form = document.querySelector("[data-bulk]");
const boxes = () => [...form.querySelectorAll("[data-pick]")];
const all = () => form.querySelector("[data-pick-all]");
let last = null;
let row = null;

function draw() {
  const every = boxes();
  const chosen = every.filter((box) => box.checked).length;
  for (const box of every) box.closest("[data-row]").classList.toggle("chosen", box.checked);
  const top = all();
  if (top) {
    top.hidden = false;
    top.checked = chosen > 0 && chosen === every.length;
    top.indeterminate = chosen > 0 && chosen < every.length;
  }
  for (const bar of form.querySelectorAll("[data-bulk-bar]")) {
    bar.classList.toggle("resting", chosen === 0);
    bar.querySelector("[data-chosen]").textContent = String(chosen);
  }
}

function upTo(box) {
  const every = boxes();
  const ends = [every.indexOf(last), every.indexOf(box)].sort((a, b) => a - b);
  if (ends[0] < 0) return;
  for (const between of every.slice(ends[0], ends[1] + 1)) between.checked = box.checked;
}

form.addEventListener("click", (event) => {
  const box = event.target.closest("[data-pick]");
  if (box) {
    if (event.shiftKey && last) upTo(box);
    last = box;
  } else if (event.target.matches("[data-pick-all]")) {
    for (const one of boxes()) one.checked = event.target.checked;
  } else if (event.target.closest("[data-pick-row]")) {
    const here = row?.querySelector("[data-pick]");
    if (here) { here.checked = !here.checked; last = here; }
  } else if (event.target.closest("[data-pick-every], [data-pick-none]")) {
    const isEvery = event.target.closest("[data-pick-every]") !== null;
    for (const one of boxes()) one.checked = isEvery;
  } else return;
  draw();
});
form.addEventListener("focusin", (event) => { row = event.target.closest("[data-row]") ?? row; });
document.addEventListener("handrail:merged", draw);
// A page that the browser brings back from its cache still has its boxes ticked.
addEventListener("pageshow", draw);
for (const button of form.querySelectorAll("[data-pick-row], [data-pick-every], [data-pick-none]")) button.hidden = false;
draw();
