/**
 * Builds what browsers fetch: one script and one style sheet a page, small, under names that change with their content,
 * each beside its brotli and gzip form, and a manifest that says what was made of what.
 *
 *   node deploy/front_end.mjs --palette FILE [--out static/build]
 *
 * Why and how it is used: docs/decisions/0019-built-pages.md.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import * as esbuild from "esbuild";

import { styleSetsOf } from "./front_end_styles.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const STATIC = join(ROOT, "static");
const LEAFLET = join(ROOT, "node_modules/leaflet/dist/leaflet-src.esm.js");

/** Browsers of the last five years: what the plain modules ask for as well (import maps, `:has`). */
const TARGET = ["chrome109", "firefox115", "safari16"];
const PALETTE = "palette.css";

/** Scripts that run beside the page, and the module whose pages start them: workers know no import map. */
const WORKERS = { "js/map/painter.js": "static/js/map/map.js" };

const { values: asked } = parseArgs({ options: { palette: { type: "string" }, out: { type: "string" } } });
const OUT = resolve(ROOT, asked.out ?? "static/build");

const digest = (content, length = 64) => createHash("sha256").update(content).digest("hex").slice(0, length);

function filesUnder(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

/** What a build is made of, each file with its fingerprint: who finds others knows that the build is old. */
function inputs() {
  const files = [
    ...filesUnder(join(STATIC, "js"), ".js"),
    ...filesUnder(join(STATIC, "css"), ".css"),
    ...filesUnder(join(ROOT, "templates"), ".html"),
    ...["gis/palette.json", "gis/palette.py", "package-lock.json"].map((name) => join(ROOT, name)),
    ...["deploy/front_end.mjs", "deploy/front_end_styles.mjs"].map((name) => join(ROOT, name)),
  ];
  return Object.fromEntries(files.map((file) => [relative(ROOT, file), digest(readFileSync(file))]));
}

/** The scripts that templates ask for. */
function entries() {
  const found = filesUnder(join(ROOT, "templates"), ".html").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/asset\('(js\/[\w/-]+\.js)'\)/g)].map(([, name]) => name),
  );
  return [...new Set(found)].filter((name) => existsSync(join(STATIC, name))).sort();
}

/** The name under which this content is kept; the name of the file itself may be anything. */
const named = (stem, content, ending) => `${stem}-${digest(content, 10)}${ending}`;

/** Content waiting to be written, by name. */
const made = new Map();

/**
 * Leaflet as one script that all map pages share: only what our modules use of it.
 * Its classes are made by calls, which a bundler must take for deeds; that these do nothing else, we know and say.
 */
async function buildLeaflet() {
  const used = new Set();
  for (const file of filesUnder(join(STATIC, "js"), ".js")) {
    const text = readFileSync(file, "utf8");
    if (text.includes('from "leaflet"')) for (const [, name] of text.matchAll(/\bL\.([A-Za-z]\w*)/g)) used.add(name);
  }
  const source = readFileSync(LEAFLET, "utf8");
  const offered = new Set([...source.matchAll(/^export \{([^}]+)\};?$/gms)].flatMap(([, list]) =>
    list.split(",").map((item) => item.trim().split(/\s+as\s+/).at(-1)),
  ));
  const names = [...used].filter((name) => offered.has(name)).sort();
  const pure = {
    name: "leaflet-classes",
    setup(build) {
      build.onLoad({ filter: /leaflet-src\.esm\.js$/ }, () => ({
        contents: source.replace(/^(\s*var \w+ = )(\w+\.extend\()/gm, "$1/* @__PURE__ */ $2"),
        loader: "js",
      }));
    },
  };
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `export { ${names.join(", ")} } from ${JSON.stringify(LEAFLET)};`, resolveDir: ROOT },
    bundle: true, minify: true, format: "esm", target: TARGET, write: false, plugins: [pure], legalComments: "inline",
  });
  const content = outputFiles[0].contents;
  const name = named("leaflet", content, ".js");
  made.set(name, content);
  return name;
}

/** A worker's script: all of it in one file. */
async function buildWorker(entry) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(STATIC, entry)],
    bundle: true, minify: true, format: "esm", target: TARGET, write: false, absWorkingDir: ROOT, legalComments: "none",
  });
  const content = outputFiles[0].contents;
  const file = named(basename(entry, ".js"), content, ".js");
  made.set(file, content);
  return { file, first: [], later: [] };
}

/** One page's script: everything of ours in one file, parts that are imported later in files of their own. */
async function buildPage(entry, leaflet, workers) {
  const outside = {
    name: "leaflet-outside",
    setup(build) {
      build.onResolve({ filter: /^leaflet$/ }, () => ({ path: `./${leaflet}`, external: true }));
    },
  };
  const result = await esbuild.build({
    entryPoints: [join(STATIC, entry)],
    bundle: true, minify: true, splitting: true, format: "esm", target: TARGET, write: false, metafile: true,
    outdir: OUT, entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", absWorkingDir: ROOT,
    plugins: [outside], legalComments: "none",
  });
  for (const file of result.outputFiles) made.set(basename(file.path), file.contents);
  const outputs = Object.fromEntries(
    Object.entries(result.metafile.outputs).map(([path, output]) => [basename(path), output]),
  );
  const [main] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === `static/${entry}`);
  const first = reached(outputs, main, (kind) => kind === "import-statement");
  const later = reached(outputs, main, () => true).filter((name) => !first.includes(name));
  const started = Object.entries(WORKERS).filter(([entry, module]) => entry in workers && module in result.metafile.inputs);
  return {
    file: main,
    first: first.filter((name) => name !== main),
    later: [...later, ...started.map(([entry]) => workers[entry].file)],
  };
}

/** The files that one file leads to by imports of these kinds, itself first. */
function reached(outputs, from, wanted) {
  const seen = [from];
  for (const name of seen) {
    for (const { path, kind } of outputs[name]?.imports ?? []) {
      if (wanted(kind) && !seen.includes(basename(path))) seen.push(basename(path));
    }
  }
  return seen;
}

/** One page's style sheet. */
async function buildStyles(names) {
  const files = {
    name: "our-files",
    setup(build) {
      build.onResolve({ filter: /^ours:/ }, ({ path }) => {
        const name = path.slice("ours:".length);
        return { path: name === PALETTE ? resolve(asked.palette) : join(STATIC, name) };
      });
      // Pictures stay where they are; few of them are ever shown.
      build.onResolve({ filter: /\.png$/ }, ({ path, resolveDir }) => ({
        path: relative(OUT, join(resolveDir, path)), external: true,
      }));
    },
  };
  const { outputFiles } = await esbuild.build({
    stdin: { contents: names.map((name) => `@import "ours:${name}";`).join("\n"), loader: "css", resolveDir: STATIC },
    bundle: true, minify: true, write: false, plugins: [files], target: TARGET, legalComments: "none",
  });
  const content = outputFiles[0].contents;
  const name = named(basename(names.at(-1), ".css"), content, ".css");
  made.set(name, content);
  return name;
}

const [br, gz] = [promisify(brotliCompress), promisify(gzip)];

async function compressed(name, content) {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  return [
    [name, content],
    [`${name}.br`, await br(content, quality)],
    [`${name}.gz`, await gz(content, { level: 9 })],
  ];
}

/** Writes all of it; old files stay for a while, since pages that are open may still ask for their later parts. */
async function write(manifest) {
  mkdirSync(OUT, { recursive: true });
  const old = readManifest();
  const kept = new Set([...(old?.files ?? []), ...made.keys()]);
  for (const file of readdirSync(OUT)) {
    if (!kept.has(file.replace(/\.(br|gz)$/, "")) && file !== "manifest.json") rmSync(join(OUT, file), { recursive: true });
  }
  const all = await Promise.all([...made].map(([name, content]) => compressed(name, content)));
  for (const [name, content] of all.flat()) writeFileSync(join(OUT, name), content);
  const half = join(OUT, "manifest.json.new");
  writeFileSync(half, `${JSON.stringify(manifest, null, 1)}\n`);
  renameSync(half, join(OUT, "manifest.json"));
}

function readManifest() {
  try {
    return JSON.parse(readFileSync(join(OUT, "manifest.json"), "utf8"));
  } catch {
    return null;
  }
}

if (!asked.palette) {
  console.error("node deploy/front_end.mjs --palette FILE: the palette as CSS is wanted (gis/palette.py prints it)");
  process.exit(2);
}
const before = inputs();
const leaflet = await buildLeaflet();
const scripts = {};
for (const entry of Object.keys(WORKERS)) if (existsSync(join(STATIC, entry))) scripts[entry] = await buildWorker(entry);
for (const entry of entries()) scripts[entry] = await buildPage(entry, leaflet, { ...scripts });
const styles = {};
for (const names of styleSetsOf(join(ROOT, "templates"))) {
  const isThere = names.every((name) => name === PALETTE || existsSync(join(STATIC, name)));
  if (names.length && isThere) styles[names.join(" ")] = await buildStyles(names);
}
await write({ inputs: before, scripts, styles, files: [...made.keys()].sort() });
