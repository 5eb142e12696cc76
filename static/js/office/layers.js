/** The panel "what the map shows": whether and what heat counts, how far it reaches, and whether dots are shown. */

/** What stands in the page's address only where it is not so. */
const USUAL = { heat: "people", bandwidth: "75" };

/** How long the slider rests before the map follows. */
const PAUSE_MS = 200;

/** What heat tells by the choice made: people or pins for each hectare, or one feeling's share of all. */
export function countsOf(choice) {
  return { weight: choice === "pins" ? "pins" : "people", measure: choice === "share" ? "share" : "" };
}

/** The choice and the metres as an address has them; what is as usual is left out. */
export function addressOf(choice, bandwidth) {
  const found = new URLSearchParams();
  if (choice !== USUAL.heat) found.set("heat", choice);
  if (bandwidth !== USUAL.bandwidth) found.set("bandwidth", bandwidth);
  return found;
}

/** The step of the slider that is nearest to these metres; -1 for what are no metres. */
export function stepOf(metres, text) {
  const wanted = Number(text);
  if (!text || !Number.isFinite(wanted) || wanted <= 0) return -1;
  const far = metres.map((step) => Math.abs(Math.log(Number(step) / wanted)));
  return far.indexOf(Math.min(...far));
}

/**
 * Connects the panel; `onChange()` follows every choice at once, and the slider when it rests.
 * @param {HTMLDetailsElement} panel
 */
export function connectLayers(panel, onChange) {
  const range = panel.querySelector("#bandwidth");
  const metres = range.dataset.metres.split(" ");
  const words = panel.querySelector("[data-bandwidth-words]");
  const legend = panel.querySelector("[data-legend]");
  const said = panel.querySelector("[data-legend-said]");
  const bandwidth = () => metres[Number(range.value)];
  const choice = () => panel.querySelector('input[name="heat"]:checked').value;
  const sayReach = () => {
    words.textContent = `${bandwidth()}\u00a0m`;
    range.setAttribute("aria-valuetext", `${bandwidth()} m`);
  };

  const asked = new URLSearchParams(location.search);
  for (const input of panel.querySelectorAll('input[name="heat"]')) {
    if (input.value === asked.get("heat")) input.checked = true;
  }
  const step = stepOf(metres, asked.get("bandwidth"));
  if (step >= 0) range.value = String(step);
  sayReach();

  let timer = 0;
  range.addEventListener("input", () => {
    sayReach();
    clearTimeout(timer);
    timer = setTimeout(onChange, PAUSE_MS);
  });
  panel.addEventListener("change", (event) => {
    if (event.target !== range) onChange();
  });
  panel.hidden = false;
  if (globalThis.matchMedia("(max-width: 60rem)").matches) panel.open = false;

  return {
    bandwidth,
    counts: () => countsOf(choice()),
    heatOn: () => choice() !== "off",
    pinsOn: () => panel.querySelector("[data-pins-on]").checked,
    address: () => addressOf(choice(), bandwidth()),
    /** What files of heat are asked for beside the filter: what the map shows now. */
    fileParams() {
      const { weight, measure } = countsOf(choice());
      const found = new URLSearchParams();
      if (measure) found.set("measure", measure);
      if (weight !== "people") found.set("weight", weight);
      if (bandwidth() !== USUAL.bandwidth) found.set("bandwidth", bandwidth());
      return found;
    },
    showHeatOnly(on) {
      panel.querySelector("[data-heat-only]").hidden = !on;
    },
    /** Makes the legend paler while another is on its way. */
    setWaiting(on) {
      legend.classList.toggle("is-waiting", on);
      legend.setAttribute("aria-busy", String(on));
    },
    setLegend(pieces) {
      const isOpen = legend.querySelector("details")?.open;
      legend.replaceChildren(...pieces);
      // A screen reader is told whom the picture counts, or why there is none; not every number of the scale.
      const told = legend.querySelectorAll(".office-legend-words, .office-legend-counted, .office-legend-chosen");
      said.textContent = [...told].map((line) => line.textContent.trim().replace(/\s+/g, " ")).join(" ");
      const method = legend.querySelector("details");
      if (method && isOpen) method.open = true;
    },
  };
}
