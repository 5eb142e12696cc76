/**
 * The citizen's main path in Firefox, as Debian ships it: node tests/firefox/walk.mjs <server> <map>.
 *
 * Prints {"errors": [...], "strangers": [...], "thanks": text, "mine": [...], "results": text}; ends with 1 where a step
 * can't be done.
 */

import puppeteer from "puppeteer-core";

const FIREFOX = "/usr/bin/firefox-esr";
const PATIENCE_MS = 20000;
const [server, map] = process.argv.slice(2);
const seen = { errors: [], strangers: [] };

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: FIREFOX,
  headless: true,
  extraPrefsFirefox: { "intl.accept_languages": "cs,en" },
});

try {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.setViewport({ width: 390, height: 844 });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== server) seen.strangers.push(request.url());
  });
  await walk(page);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}

async function walk(page) {
  const screen = (name) => page.waitForSelector(`#sheet[data-screen="${name}"]`);
  const textOf = (selector) => page.$eval(selector, (element) => element.textContent.trim());
  const open = async () => {
    await page.goto(`${server}/m/${map}`);
    await page.waitForSelector("html[data-page=ready]");
    await page.waitForSelector("#map[data-ready]");
  };

  await open();
  await page.click('.choice[data-category="unsafe"]');
  await screen("place");
  // The map has the focus: the arrows move it, Enter places the pin.
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => document.querySelector(".place-ahead")?.textContent === "Je to tady");
  await page.keyboard.press("Enter");
  await screen("comment");
  await page.type("#comment", "Za rohem je tma.");
  await page.click(".send");
  await screen("thanks");
  seen.thanks = await textOf("#sheet h2");

  await open();
  await page.waitForSelector(".foot-ways .count");
  await page.click(".foot-ways .foot-way");
  await screen("mine");
  await page.waitForSelector(".mark-row");
  seen.mine = await page.$$eval(".mark-comment", (rows) => rows.map((row) => row.textContent));

  await page.goto(`${server}/m/${map}/results`);
  await page.waitForSelector("h1");
  seen.results = await textOf("h1");
}
