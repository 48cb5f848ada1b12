// What our scripts use of Cytoscape.
export interface Graph {
  getElementById(id: string): { data(name: string, value: unknown): void };
  on(event: "tap", selector: string, then: (event: { target: { data(name: string): string } }) => void): void;
  destroy(): void;
}
export function cytoscape(options: { container: HTMLElement | undefined } & Record<string, unknown>): Graph;
