/** Circles as rings to look at, and back. The server decides by the geodesic; at zoom 20 the two differ by less than a line's width. */
import type { Polygon, Position } from 'geojson';

export const METRES_PER_DEGREE = 111_319.49;

export function ring(centre: Position, radius: number, corners: number): Polygon {
  const [lon = 0, lat = 0] = centre;
  const north = radius / METRES_PER_DEGREE;
  const east = north / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const places = Array.from({ length: corners + 1 }, (_, i) => {
    const turn = (2 * Math.PI * (i % corners)) / corners;
    return [rounded(lon + east * Math.cos(turn)), rounded(lat + north * Math.sin(turn))];
  });
  return { type: 'Polygon', coordinates: [places] };
}

/** What a ring made above, moved or stretched since, is a circle of: whole metres from 10 m on, else decimetres. */
export function circleOf(polygon: Polygon): { readonly centre: Position; readonly radius: number } {
  const places = polygon.coordinates[0] ?? [];
  const [west, east] = [Math.min(...places.map((it) => it[0]!)), Math.max(...places.map((it) => it[0]!))];
  const [south, north] = [Math.min(...places.map((it) => it[1]!)), Math.max(...places.map((it) => it[1]!))];
  const radius = ((north - south) / 2) * METRES_PER_DEGREE;
  return {
    centre: [rounded((west + east) / 2), rounded((south + north) / 2)],
    radius: radius < 10 ? Math.round(10 * radius) / 10 : Math.round(radius),
  };
}

/** 1e-7 degrees are a centimetre, and what the server counts in. */
export function rounded(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}
