/** The phone beside the form: the server draws the first screen of what is typed, so that it looks as it will. */

const PAUSE_MS = 250;

/** Keeps the phone of this form up to date; the names of rows take shape and word from it. */
export function connectPreview(form, place) {
  const sheet = new CSSStyleSheet();
  let timer = 0;
  let asked = null;

  const draw = async () => {
    asked?.abort();
    asked = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
        signal: asked.signal,
      });
      if (!answer.ok) return;
      const { html, css } = await answer.json();
      // Our own template, in which every text of the form is escaped.
      place.innerHTML = html;
      sheet.replaceSync(css);
      if (!document.adoptedStyleSheets.includes(sheet)) {
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      }
      nameRows(form, place);
    } catch (failure) {
      // Without the server the phone stays as it was; saving will say what is wrong.
      if (failure.name !== "AbortError") place.dataset.failed = "";
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, PAUSE_MS);
  });
}

function nameRows(form, place) {
  for (const choice of place.querySelectorAll(".choice")) {
    const key = CSS.escape(choice.dataset.category);
    const name = form.querySelector(`[data-row="${key}"] [data-row-name]`);
    if (!name) continue;
    name.replaceChildren(choice.querySelector("svg").cloneNode(true));
    const words = document.createElement("span");
    words.textContent = choice.querySelector(".choice-word").textContent;
    name.append(words);
  }
}
