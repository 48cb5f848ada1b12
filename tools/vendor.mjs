// Makes what browsers get of others' libraries: `node tools/vendor.mjs` writes console/static/vendor/, `--check` compares the bytes
// instead. Needs node and npm; a clone that only runs the node needs neither.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const FOLDER = new URL("../src/commonwatch/console/static/vendor/", import.meta.url);
const TOOLS = { esbuild: "0.28.2" };
const LIBRARIES = {
  "htmx.org": "2.0.11",
  echarts: "6.1.0",
  "d3-geo": "3.1.1",
  "topojson-client": "3.1.0",
  "world-atlas": "2.0.2",
  "i18n-iso-countries": "7.14.0",
  cytoscape: "3.35.0",
};

// Each file: a library's own, as it is, or a module that names only what we use, bundled with what that needs.
const FILES = {
  "htmx.min.js": { copy: "htmx.org/dist/htmx.min.js" },
  "charts.js": {
    module: `
      import { init, use } from "echarts/core";
      import { BarChart, HeatmapChart, LineChart, SankeyChart } from "echarts/charts";
      import { AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
      import { SVGRenderer } from "echarts/renderers";
      use([BarChart, HeatmapChart, LineChart, SankeyChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);
      export { init };`,
  },
  "map.js": {
    module: `
      export { geoCentroid, geoEqualEarth, geoGraticule10, geoPath } from "d3-geo";
      import { feature } from "topojson-client";
      import atlas from "world-atlas/countries-110m.json";
      export { default as places } from "./places.json";
      export const countries = feature(atlas, atlas.objects.countries).features;`,
  },
  "graph.js": { module: `export { default as cytoscape } from "cytoscape";` },
};

const work = mkdtempSync(join(tmpdir(), "vendor-"));
try {
  writeFileSync(join(work, "package.json"), JSON.stringify({ private: true, dependencies: { ...TOOLS, ...LIBRARIES } }));
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: work, stdio: "inherit" });
  writeFileSync(join(work, "places.json"), JSON.stringify(await places()));
  const made = {};
  for (const [name, how] of Object.entries(FILES)) made[name] = how.copy ? readFileSync(join(work, "node_modules", how.copy)) : bundle(name, how.module);
  made["manifest.json"] = manifest(made);
  process.argv.includes("--check") ? compare(made) : write(made);
} finally {
  rmSync(work, { recursive: true, force: true });
}

// Where each country's point stands: the middle of its largest piece, so that no far island draws it into the sea.
async function places() {
  const load = createRequire(join(work, "package.json"));
  const { geoArea, geoCentroid } = await import(pathToFileURL(load.resolve("d3-geo").replace(/dist.*$/, "src/index.js")));
  const { feature } = load("topojson-client");
  const { alpha2ToNumeric, getAlpha2Codes } = load("i18n-iso-countries");
  const atlas = load("world-atlas/countries-50m.json");
  const shapes = new Map(feature(atlas, atlas.objects.countries).features.map((one) => [one.id, one.geometry]));
  const found = {};
  for (const code of Object.keys(getAlpha2Codes()).sort()) {
    const shape = shapes.get(alpha2ToNumeric(code));
    if (!shape) continue;
    const pieces = shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
    const largest = pieces.map((coordinates) => ({ type: "Polygon", coordinates })).sort((a, b) => geoArea(b) - geoArea(a))[0];
    found[code] = geoCentroid(largest).map((degrees) => Math.round(degrees * 10) / 10);
  }
  return found;
}

function bundle(name, source) {
  writeFileSync(join(work, "entry.js"), source);
  const options = ["entry.js", "--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8", "--legal-comments=inline", "--loader:.json=json"];
  execFileSync(join(work, "node_modules", ".bin", "esbuild"), [...options, `--outfile=${name}`, "--log-level=warning"], { cwd: work, stdio: "inherit" });
  return readFileSync(join(work, name));
}

function manifest(made) {
  const libraries = Object.keys(LIBRARIES).map((name) => {
    const { version, license, homepage } = JSON.parse(readFileSync(join(work, "node_modules", name, "package.json"), "utf8"));
    return { name, version, licence: license, home: homepage };
  });
  const files = Object.fromEntries(Object.entries(made).map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]));
  return Buffer.from(JSON.stringify({ libraries, files }, null, 2) + "\n");
}

function write(made) {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, bytes] of Object.entries(made)) writeFileSync(new URL(name, FOLDER), bytes);
}

function compare(made) {
  const there = readdirSync(FOLDER).sort();
  const other = Object.keys(made).filter((name) => !there.includes(name) || !readFileSync(new URL(name, FOLDER)).equals(made[name]));
  const strange = there.filter((name) => !(name in made));
  if (other.length || strange.length) {
    console.error(`Not what tools/vendor.mjs makes: ${[...other, ...strange].join(", ")}`);
    process.exitCode = 1;
  }
}
