// The verdict bar: marks what is changed while it is typed, asks for what a verdict needs, and
// keeps the keys shut until everything folded has been opened.
const form = document.querySelector("[data-verdict-form]");
const opened = new Set();

function folds(root = document) { return [...root.querySelectorAll("details[data-fold]")]; }

function watchFolds(root) {
  for (const fold of folds(root)) {
    if (opened.has(fold.dataset.fold)) fold.open = true;
    fold.addEventListener("toggle", () => { if (fold.open) opened.add(fold.dataset.fold); });
  }
}

for (const button of document.querySelectorAll("[data-more]")) {
  const words = document.getElementById(button.dataset.more);
  button.hidden = words.scrollHeight <= words.clientHeight;
  button.addEventListener("click", () => {
    const isOpen = words.classList.toggle("open");
    button.setAttribute("aria-expanded", String(isOpen));
  });
}
watchFolds(document);
document.addEventListener("htmx:afterSwap", (event) => watchFolds(event.target.parentElement ?? document));

if (form) {
  const said = form.querySelector("[data-said]");
  const edits = form.querySelector("[data-edits]");
  const verdicts = [...form.querySelectorAll("[data-verdict]")];
  const approve = verdicts.find((button) => button.value === "approve");
  const edit = verdicts.find((button) => button.value === "edit");
  let armed = null;
  let isSent = false;

  const lines = (text) => text.replace(/\r\n?/g, "\n");
  const control = (field) => field.querySelector("input, select, textarea");
  const all = (selector) => edits ? [...edits.querySelectorAll(selector)] : [];
  const fields = () => all("[data-edit]:not([data-new])");
  const keys = (rows) => [...rows.querySelectorAll(":scope > .row > [data-row-key]")].map((one) => one.value).join(" ");
  const isTyped = (field) => lines(control(field).value) !== lines(field.dataset.original);
  const changed = () => [...fields().filter(isTyped), ...all("[data-rows]").filter((rows) => keys(rows) !== rows.dataset.original)];
  const say = (words) => { said.textContent = words; };

  function arm(button) {
    for (const other of verdicts) other.toggleAttribute("data-armed", other === button);
    armed = button;
  }

  function draw() {
    const now = changed();
    for (const field of fields()) {
      const isChanged = now.includes(field);
      field.classList.toggle("changed", isChanged);
      field.querySelector(".was").hidden = !isChanged;
    }
    for (const reset of all("[data-reset]")) reset.hidden = now.length === 0;
    if (!edit) return;
    edit.classList.toggle("primary", now.length > 0);
    edit.querySelector("[data-label]").textContent = now.length ? `${form.dataset.wordEdit} (${now.length})` : form.dataset.wordEdit;
    if (approve) {
      approve.classList.toggle("primary", now.length === 0);
      approve.setAttribute("aria-disabled", String(now.length > 0));
    }
    if (now.length) arm(edit);
    else if (armed === edit) arm(null);
  }

  function unopened() {
    return folds().filter((fold) => !opened.has(fold.dataset.fold) && !fold.open || fold.querySelector("[data-unread]"));
  }

  // True when the press may go on to the server.
  function isReady(button) {
    const closed = unopened();
    if (closed.length && button.value !== "reject") {
      for (const fold of closed) fold.open = true;
      closed[0].scrollIntoView({ block: "center" });
      say(form.dataset.wordOpen);
      return false;
    }
    if (button === approve && changed().length) { say(form.dataset.wordChanged); return false; }
    if (button === edit && changed().length === 0) {
      edits.open = true;
      edits.querySelector("[data-edit] :is(input, select, textarea), [data-rows] button")?.focus();
      return false;
    }
    const needed = button.dataset.needs && document.getElementById(button.dataset.needs);
    if (needed && !needed.value.trim()) {
      arm(button);
      needed.focus();
      say(form.dataset.wordArmed);
      return false;
    }
    return true;
  }

  for (const button of verdicts) {
    button.addEventListener("click", (event) => {
      if (isSent || !isReady(button)) event.preventDefault();
    });
  }
  form.addEventListener("submit", () => {
    isSent = true;
    form.querySelector("[data-opened]").value = JSON.stringify([...opened]);
  });
  // A page that the browser brings back from its cache can be sent again.
  addEventListener("pageshow", () => { isSent = false; });
  form.addEventListener("input", draw);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (armed) armed.click();
    else say(form.dataset.wordChoose);
  });
  document.addEventListener("htmx:afterSwap", draw);
  form.querySelector("[data-problems]")?.focus();
  draw();
}
