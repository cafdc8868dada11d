// The verbs beside a verdict: opening one puts the cursor where it is typed, Escape closes it,
// and Ctrl+Enter sends it.
for (const move of document.querySelectorAll("[data-move]")) {
  const field = () => move.querySelector("textarea, input, select");
  move.addEventListener("toggle", () => {
    if (!move.open) return;
    field()?.focus();
    move.scrollIntoView({ block: "nearest" });
  });
  move.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      move.open = false;
      move.querySelector("summary").focus();
      event.stopPropagation();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      move.querySelector("[data-move-send]").click();
    }
  });
}
