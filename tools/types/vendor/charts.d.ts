// What our scripts use of ECharts.
export interface Chart {
  setOption(option: Record<string, unknown>): void;
  resize(): void;
  dispose(): void;
}
export function init(place: HTMLElement | null | undefined, theme: null, options: { renderer: "svg" }): Chart;
