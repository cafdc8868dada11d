// One key, one control: whatever carries data-key is pressed by it, and shows it.
const SWITCH = "handrail.keys";

const isOn = () => !("off" in dialog.dataset) && localStorage.getItem(SWITCH) !== "off";
const isTyping = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
const isShown = (element) => !element.hidden && element.getClientRects().length > 0;
const dialog = document.getElementById("keys");
const { down, up, help } = dialog.dataset;

function press(key) {
  const control = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(isShown);
  if (!control) return false;
  if (control.matches("input:not([type=checkbox]), select, textarea")) control.focus();
  else control.click();
  return true;
}

function moveBy(step) {
  const links = [...document.querySelectorAll("[data-row] a")];
  if (links.length === 0) return;
  const at = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[Math.min(Math.max(next, 0), links.length - 1)].focus();
}

function handle(event) {
  const step = event.key === down ? 1 : event.key === up ? -1 : 0;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !step) return false;
  if (dialog.open || !isOn() || isTyping(event.target)) return false;
  if (event.key === help) { dialog.showModal(); return true; }
  if (step) { moveBy(step); return true; }
  return press(event.key);
}

document.addEventListener("keydown", (event) => {
  if (handle(event)) event.preventDefault();
  else if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
});

for (const button of document.querySelectorAll("[data-open-keys]")) {
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());
}
const choice = dialog.querySelector("[data-keys-switch]");
choice.checked = isOn();
choice.addEventListener("change", () => localStorage.setItem(SWITCH, choice.checked ? "on" : "off"));
