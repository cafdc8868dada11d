// The button beside an expression tries what is typed on the last cases and shows the answer
// under the field. Without this script the same button leads to a page of its own.
function place(button) {
  const row = button.closest(".form-row");
  let found = row.querySelector(".tried-here");
  if (!found) {
    found = document.createElement("div");
    found.className = "tried-here";
    found.setAttribute("role", "status");
    found.tabIndex = 0;
    row.append(found);
  }
  return found;
}

async function tryIt(button) {
  const field = button.closest(".form-row").querySelector("textarea");
  const body = new FormData();
  body.set("expression", field.value);
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  button.disabled = true;
  try {
    const answer = await fetch(button.formAction, {
      method: "POST",
      body,
      headers: { "X-Requested-With": "fetch" },
    });
    if (!answer.ok) return false;
    place(button).innerHTML = await answer.text();
    return true;
  } catch {
    return false;
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-try]");
  if (!button) return;
  event.preventDefault();
  const done = await tryIt(button);
  if (!done) place(button).textContent = button.dataset.try;
});
