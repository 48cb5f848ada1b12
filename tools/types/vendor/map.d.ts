// What our scripts use of d3-geo, and the data that tools/vendor.mjs bundles with it.
export type Point = [number, number];
export interface Shape {
  type: string;
}
export interface Projection {
  (point: Point): Point | null;
  fitExtent(extent: [Point, Point], shape: Shape): Projection;
}
export function geoEqualEarth(): Projection;
export function geoPath(projection: Projection): (shape: Shape) => string | null;
export const countries: Shape[];
export const places: Record<string, Point | undefined>;
