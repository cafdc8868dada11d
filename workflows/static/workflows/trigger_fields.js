// Of a trigger's fields only those that its kind reads are shown. Without this script all are
// shown, and those that the kind does not read are not kept.
const READ = {
  ALWAYS: [],
  CONFIDENCE_BELOW: ["threshold", "categories"],
  VALUE_ABOVE: ["threshold", "currency"],
  RISK_ABOVE: ["threshold"],
  CATEGORY_IN: ["categories"],
  FIELD_MISSING: ["pointers"],
  OUTSIDE_DOMAIN: ["pointers", "minimum", "maximum", "allowed"],
  CANNOT_PROCEED: [],
  SAMPLE: ["rate"],
  EXPRESSION: ["expression"],
};
const OPTIONAL = new Set(Object.values(READ).flat());

function showFieldsOf(kind) {
  const trigger = kind.closest(".inline-related");
  const read = READ[kind.value] ?? [];
  for (const name of OPTIONAL) {
    const input = trigger.querySelector(`[name$="-${name}"]`);
    const box = input?.closest(`.fieldBox, .form-row`);
    box?.classList.toggle("hidden", !read.includes(name));
  }
  for (const row of trigger.querySelectorAll(".form-row")) {
    const boxes = [...row.querySelectorAll(".fieldBox")];
    if (boxes.length) {
      row.classList.toggle("hidden", boxes.every((box) => box.classList.contains("hidden")));
    }
  }
}

function watch(root) {
  for (const kind of root.querySelectorAll('select[name^="triggers-"][name$="-kind"]')) {
    showFieldsOf(kind);
    kind.addEventListener("change", () => showFieldsOf(kind));
  }
}

watch(document);
document.addEventListener("formset:added", (event) => watch(event.target));
