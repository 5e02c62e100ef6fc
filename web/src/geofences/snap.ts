/** Where a hand that draws near a corner or an edge of another geofence meant to be: on it. */
import type { Position } from 'geojson';
import type { Geofence } from '../api/geofences';
import { ring } from '../map/circle';

const REACH_PX = 12;
const CORNERS = 64; // of a circle's edge

/** The lines of the geofences there are, with the box of each, so that few are looked at with each move of the hand. */
export interface Edges {
  readonly places: readonly Position[];
  readonly hasCorners: boolean; // those of a circle are none that anybody set
  readonly box: readonly [west: number, south: number, east: number, north: number];
}

export interface Screen {
  project(place: Position): { readonly x: number; readonly y: number };
  unproject(x: number, y: number): Position;
}

export function edgesOf(fences: readonly Geofence[]): Edges[] {
  return fences.flatMap(({ geometry, radius }) => {
    switch (geometry.type) {
      case 'Point':
        return [edges(ring(geometry.coordinates, radius ?? 0, CORNERS).coordinates[0]!, false)];
      case 'LineString':
        return [edges(geometry.coordinates, true)];
      case 'Polygon':
        return geometry.coordinates.map((places) => edges(places, true));
      case 'MultiPolygon':
        return geometry.coordinates.flat().map((places) => edges(places, true));
      default:
        return [];
    }
  });
}

function edges(places: readonly Position[], hasCorners: boolean): Edges {
  const [lons, lats] = [places.map((place) => place[0]!), places.map((place) => place[1]!)];
  return { places, hasCorners, box: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)] };
}

/** The corner within reach of a pixel, else the place on an edge, the nearest of each; null where there is none. */
export function snap(all: readonly Edges[], x: number, y: number, screen: Screen): Position | null {
  const [a, b] = [screen.unproject(x - REACH_PX, y + REACH_PX), screen.unproject(x + REACH_PX, y - REACH_PX)];
  const near = all.filter(({ box }) => box[0] <= b[0]! && box[2] >= a[0]! && box[1] <= b[1]! && box[3] >= a[1]!);
  let corner: Position | null = null;
  let edge: Position | null = null;
  let [cornerAt, edgeAt] = [REACH_PX, REACH_PX];
  for (const { places, hasCorners } of near) {
    let before: { x: number; y: number } | null = null;
    for (const place of places) {
      const at = screen.project(place);
      const distance = Math.hypot(at.x - x, at.y - y);
      if (hasCorners && distance < cornerAt) [corner, cornerAt] = [place, distance];
      const foot = before && footOf(before, at, x, y);
      if (foot && foot.distance < edgeAt) [edge, edgeAt] = [screen.unproject(foot.x, foot.y), foot.distance];
      before = at;
    }
  }
  return corner ?? edge;
}

interface Pixel {
  readonly x: number;
  readonly y: number;
}

function footOf(a: Pixel, b: Pixel, x: number, y: number): { x: number; y: number; distance: number } {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx ** 2 + dy ** 2;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / length));
  const foot = { x: a.x + t * dx, y: a.y + t * dy };
  return { ...foot, distance: Math.hypot(foot.x - x, foot.y - y) };
}
