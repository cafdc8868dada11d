// Rows are chosen by their boxes: one, up to here with Shift, all on the page, or by key.
const TOOLS = "[data-pick-row], [data-pick-every], [data-pick-none]";
const boxes = () => [...document.querySelectorAll("[data-bulk] [data-pick]")];
let last = null;
let row = null;

// Everything is looked up anew: the list may have been drawn again since.
function draw() {
  const every = boxes();
  const chosen = every.filter((box) => box.checked).length;
  for (const box of every) box.closest("[data-row]").classList.toggle("chosen", box.checked);
  for (const top of document.querySelectorAll("[data-pick-all]")) {
    top.hidden = false;
    top.checked = chosen > 0 && chosen === every.length;
    top.indeterminate = chosen > 0 && chosen < every.length;
  }
  for (const bar of document.querySelectorAll("[data-bulk-bar]")) {
    bar.classList.toggle("resting", chosen === 0);
    bar.querySelector("[data-pick-count]").textContent = String(chosen);
    for (const tool of bar.querySelectorAll(TOOLS)) tool.hidden = false;
  }
}

function upTo(box) {
  const every = boxes();
  const ends = [every.indexOf(last), every.indexOf(box)].sort((a, b) => a - b);
  if (ends[0] < 0) return;
  for (const between of every.slice(ends[0], ends[1] + 1)) between.checked = box.checked;
}

function pickAll(isChosen) {
  for (const box of boxes()) box.checked = isChosen;
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-pick]");
  const tool = event.target.closest(TOOLS);
  if (box) {
    if (event.shiftKey && last) upTo(box);
    last = box;
  } else if (event.target.matches("[data-pick-all]")) {
    pickAll(event.target.checked);
  } else if (tool?.matches("[data-pick-row]")) {
    const here = row?.querySelector("[data-pick]");
    if (here) { here.checked = !here.checked; last = here; }
  } else if (tool) {
    pickAll(tool.matches("[data-pick-every]"));
  } else return;
  draw();
});
document.addEventListener("focusin", (event) => { row = event.target.closest("[data-row]") ?? row; });
document.addEventListener("handrail:merged", draw);
// A page that the browser brings back from its cache still has its boxes ticked.
addEventListener("pageshow", draw);
draw();
