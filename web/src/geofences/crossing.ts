/** Where a line or a ring goes through itself. In degrees as on a plane: a geofence is small, and a mark is for the eye. */
import type { Position } from 'geojson';

const MOST = 8; // marks; one is enough to see what is wrong

export function findCrossings(places: readonly Position[]): Position[] {
  const found: Position[] = [];
  const isRing = same(places[0], places.at(-1));
  for (let i = 0; i + 1 < places.length; i++) {
    for (let j = i + 2; j + 1 < places.length; j++) {
      if (isRing && i === 0 && j + 2 === places.length) continue; // neighbours too, around the end
      const at = crossing(places[i]!, places[i + 1]!, places[j]!, places[j + 1]!);
      if (at && found.push(at) === MOST) return found;
    }
  }
  return found;
}

function crossing(a: Position, b: Position, c: Position, d: Position): Position | null {
  const [px, py] = [b[0]! - a[0]!, b[1]! - a[1]!];
  const [qx, qy] = [d[0]! - c[0]!, d[1]! - c[1]!];
  const area = px * qy - py * qx;
  if (area === 0) return null;
  const along = ((c[0]! - a[0]!) * qy - (c[1]! - a[1]!) * qx) / area;
  const across = ((c[0]! - a[0]!) * py - (c[1]! - a[1]!) * px) / area;
  const within = along > 0 && along < 1 && across > 0 && across < 1;
  return within ? [a[0]! + along * px, a[1]! + along * py] : null;
}

function same(a: Position | undefined, b: Position | undefined): boolean {
  return a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1];
}
