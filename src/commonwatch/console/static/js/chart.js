// <cw-chart>: lines, bars and heat maps, drawn as SVG from the table inside.
import { init } from "../vendor/charts.js";
import { colours, Figure, numberOf } from "./figure.js";

const SERIES = ["c1", "c2", "c3", "c4", "c5", "c6"];

class Chart extends Figure {
  /** @type {import("../vendor/charts.js").Chart | undefined} */
  chart;
  /** @type {ResizeObserver | undefined} */
  watcher;

  draw() {
    const [ink, soft, line, paper, ...series] = colours(this, ["ink", "soft", "line", "raised", ...SERIES]);
    const head = [...this.querySelectorAll("thead th")].map((one) => (one.textContent ?? "").trim());
    const rows = this.rows();
    const kind = this.getAttribute("kind") ?? "line";
    this.end();
    this.chart = init(this.drawing, null, { renderer: "svg" });
    const axis = { axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: soft, hideOverlap: true }, splitLine: { lineStyle: { color: line } } };
    this.chart.setOption({
      animation: false,
      color: series,
      textStyle: { color: ink, fontFamily: getComputedStyle(this).fontFamily },
      aria: { enabled: true, label: { enabled: false }, decal: { show: kind === "bar" && head.length > 2 } },
      grid: { left: 8, right: 16, top: head.length > 2 ? 36 : 12, bottom: 8, containLabel: true },
      legend: { show: head.length > 2 && kind !== "heat", top: 0, textStyle: { color: ink }, icon: "roundRect" },
      tooltip: { trigger: kind === "heat" ? "item" : "axis", renderMode: "richText", backgroundColor: paper, borderColor: line, textStyle: { color: ink } },
      ...(kind === "heat" ? heat(head, rows, axis, paper, series[0]) : plain(head, rows, axis, kind)),
    });
    this.watcher ??= new ResizeObserver(() => this.chart?.resize());
    this.watcher.observe(/** @type {Element} */ (this.drawing));
  }

  end() {
    this.watcher?.disconnect();
    this.chart?.dispose();
    this.chart = undefined;
  }
}

/** @param {string[]} head @param {string[][]} rows @param {object} axis @param {string} kind */
function plain(head, rows, axis, kind) {
  return {
    xAxis: { ...axis, type: "category", data: rows.map((row) => row[0]), boundaryGap: kind === "bar", splitLine: { show: false } },
    yAxis: { ...axis, type: "value", minInterval: 1, axisLine: { show: false } },
    series: head.slice(1).map((name, number) => ({
      name,
      type: kind,
      data: rows.map((row) => numberOf(row[number + 1])),
      showSymbol: rows.length < 3,
      lineStyle: { width: 2, type: number % 2 ? "dashed" : "solid" },
      areaStyle: head.length === 2 && kind === "line" ? { opacity: 0.12 } : undefined,
      barMaxWidth: 36,
    })),
  };
}

/** @param {string[]} head @param {string[][]} rows @param {{ axisLabel: object }} axis @param {string} low @param {string} high */
function heat(head, rows, axis, low, high) {
  // An empty cell is no zero: nothing is drawn there.
  const data = rows.flatMap((row, y) => row.slice(1).map((text, x) => [x, y, text])).filter((one) => one[2] !== "").map(([x, y, text]) => [Number(x), Number(y), numberOf(String(text))]);
  return {
    xAxis: { ...axis, type: "category", data: head.slice(1), splitLine: { show: false }, axisLabel: { ...axis.axisLabel, rotate: head.length > 8 ? 35 : 0 } },
    yAxis: { ...axis, type: "category", data: rows.map((row) => row[0]), inverse: true, splitLine: { show: false } },
    visualMap: { show: false, min: 0, max: Math.max(1, ...data.map((one) => one[2])), inRange: { color: [low, high] } },
    series: [{ type: "heatmap", data, label: { show: data.length < 200 } }],
  };
}

customElements.define("cw-chart", Chart);
