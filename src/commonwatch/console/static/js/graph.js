// <cw-graph>: nodes and edges, drawn on a canvas from the table inside. Choosing a node opens it, or leads to its page; the address
// is the graph's whole state, so that going back undoes.
import { cytoscape } from "../vendor/graph.js";
import { colours, Figure } from "./figure.js";

// The library adds a style element unless one of this id is there; the page's policy would refuse it. Our sheet has the one rule.
const ITS_STYLES = "__________cytoscape_stylesheet";
const TONES = ["c1", "c2", "c3", "c4", "c5", "c6"];

class Graph extends Figure {
  /** @type {import("../vendor/graph.js").Graph | undefined} */
  graph;

  draw() {
    this.end();
    if (!document.getElementById(ITS_STYLES)) document.head.append(Object.assign(document.createElement("template"), { id: ITS_STYLES }));
    const [ink, soft, edge, paper, ...tones] = colours(this, ["ink", "soft", "edge", "raised", ...TONES]);
    const cells = /** @type {HTMLElement[]} */ ([...this.querySelectorAll("td[data-node]")]);
    const types = [...new Set(cells.map((cell) => cell.dataset.type ?? ""))].sort();
    const nodes = new Map(cells.map((cell) => [cell.dataset.node, node(cell, tones[types.indexOf(cell.dataset.type ?? "") % tones.length])]));
    const edges = [...this.querySelectorAll("tbody tr")].map((row) => ({ data: { source: ends(row)[0], target: ends(row)[1], label: (row.children[1].textContent ?? "").trim() } }));
    this.graph = cytoscape({
      container: this.drawing,
      elements: { nodes: [...nodes.values()], edges },
      layout: { name: "cose", animate: false, randomize: true, padding: 24, nodeDimensionsIncludeLabels: true, idealEdgeLength: () => 80, nodeRepulsion: () => 150_000 },
      maxZoom: 1.5,
      style: [
        { selector: "node", style: { label: "data(label)", "background-color": "data(tone)", color: ink, "font-size": 11, "text-wrap": "ellipsis", "text-max-width": "140px", "text-valign": "bottom", "text-margin-y": 4, width: 20, height: 20 } },
        { selector: "node[?centre]", style: { width: 34, height: 34, "border-width": 3, "border-color": ink } },
        { selector: "node[!open]", style: { "border-width": 2, "border-color": soft } },
        { selector: "edge", style: { label: "data(label)", width: 1.5, "line-color": edge, "target-arrow-color": edge, "target-arrow-shape": "triangle", "curve-style": "bezier", color: soft, "font-size": 9, "text-background-color": paper, "text-background-opacity": 0.85 } },
      ],
    });
    const centre = this.graph.getElementById(this.dataset.centre ?? "");
    centre.data("centre", true);
    this.graph.on("tap", "node", (/** @type {{ target: { data: (name: string) => string } }} */ event) => {
      const address = event.target.data("open") || event.target.data("page");
      if (address) location.assign(address);
    });
  }

  end() {
    this.graph?.destroy();
    this.graph = undefined;
  }
}

/** @param {HTMLElement} cell @param {string} tone */
function node(cell, tone) {
  const { node: id, label, open } = cell.dataset;
  const page = cell.querySelector("a:not(.opens)")?.getAttribute("href") ?? "";
  return { data: { id, label, open, page, tone, centre: false } };
}

/** @param {Element} row */
function ends(row) {
  return /** @type {HTMLElement[]} */ ([...row.querySelectorAll("td[data-node]")]).map((cell) => cell.dataset.node);
}

customElements.define("cw-graph", Graph);
