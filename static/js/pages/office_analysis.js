/** Analyses while they are being computed: how far each is, and the page anew when one is over. */

const EVERY_MS = 1000;
/** After a lost connection: the work goes on without us. */
const PATIENCE_MS = 5000;

const running = [...document.querySelectorAll("[data-run]")];

/** Whether it is still under way. */
async function look(one) {
  const answer = await fetch(one.dataset.run, { headers: { Accept: "application/json" } });
  if (answer.status === 401 || answer.status === 404) return false;
  if (!answer.ok) throw new Error(String(answer.status));
  const run = await answer.json();
  one.querySelector("progress").value = Math.round(run.share * 100);
  const step = one.querySelector("[data-step]");
  // Said again only when it is something else: a screen reader reads it aloud.
  if (run.step && step.textContent !== run.step) step.textContent = run.step;
  return run.state === "waiting" || run.state === "running";
}

async function lookAtAll() {
  let wait = EVERY_MS;
  try {
    const goesOn = await Promise.all(running.map(look));
    if (goesOn.includes(false)) return location.reload();
  } catch {
    wait = PATIENCE_MS;
  }
  setTimeout(lookAtAll, wait);
}

if (running.length) setTimeout(lookAtAll, EVERY_MS);
