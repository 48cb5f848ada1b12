// <cw-map>: points on an Equal Earth map, drawn as SVG from the table inside. No tiles, no server.
import { countries, geoEqualEarth, geoPath, places } from "../vendor/map.js";
import { Figure, numberOf } from "./figure.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [960, 468];
const [SMALLEST, LARGEST] = [4, 22];

class WorldMap extends Figure {
  draw() {
    const projection = geoEqualEarth().fitExtent([[4, 4], [WIDTH - 4, HEIGHT - 4]], { type: "Sphere" });
    const path = geoPath(projection);
    const svg = made("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
    svg.append(made("path", { class: "sea", d: path({ type: "Sphere" }) }), ...countries.map((one) => made("path", { class: "land", d: path(one) })));
    const points = [...this.querySelectorAll("tr[data-country]")].flatMap(point).sort((a, b) => b.value - a.value);
    const most = Math.max(1, ...points.map((point) => point.value));
    for (const { place, name, shown, value } of points) {
      const [cx, cy] = /** @type {[number, number]} */ (projection(place));
      const circle = made("circle", { class: "point", cx, cy, r: SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(value / most) });
      const title = made("title", {});
      title.textContent = `${name}: ${shown}`;
      circle.append(title);
      svg.append(circle);
    }
    this.drawing?.replaceChildren(svg);
  }
}

/** What a row says, if its country has a place. @param {Element} row */
function point(row) {
  const place = places[/** @type {HTMLElement} */ (row).dataset.country ?? ""];
  const shown = text(row.children[1]);
  return place ? [{ place, name: text(row.children[0]), shown, value: numberOf(shown) }] : [];
}

/** @param {string} name @param {Record<string, unknown>} attributes */
function made(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** @param {Element} element */
function text(element) {
  return (element.textContent ?? "").trim();
}

customElements.define("cw-map", WorldMap);
