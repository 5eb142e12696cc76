/** The report page while a report is being made: how far it is, and the page anew when it is ready. */

const EVERY_MS = 1000;
/** After a lost connection: the report goes on without us. */
const PATIENCE_MS = 5000;

const running = document.getElementById("running");
const bar = document.getElementById("progress");
const step = document.getElementById("step");

async function look() {
  let wait = EVERY_MS;
  try {
    const answer = await fetch(running.dataset.url, { headers: { Accept: "application/json" } });
    if (answer.status === 401 || answer.status === 404) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const report = await answer.json();
    if (report.state !== "waiting" && report.state !== "running") return location.reload();
    bar.value = report.progress;
    // Said again only when it is something else: a screen reader reads it aloud.
    if (step.textContent !== report.step) step.textContent = report.step;
  } catch {
    wait = PATIENCE_MS;
  }
  setTimeout(look, wait);
}

if (running) setTimeout(look, EVERY_MS);
