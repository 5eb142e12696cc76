/** What is not saved is said, and not lost by a careless click on a link. */

/** Watches this form. */
export function connectUnsaved(form) {
  const words = form.querySelector("[data-unsaved-words]");
  let unsaved = "unsaved" in form.dataset;
  form.addEventListener("input", () => {
    unsaved = true;
    words.hidden = false;
  });
  form.addEventListener("submit", () => {
    unsaved = false;
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
}
