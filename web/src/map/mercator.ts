/** The world as a square of 2^32 units: 9 mm each at the equator, exact in an unsigned integer, wrapping at 180 degrees. */

export const WORLD_UNITS = 2 ** 32;
const RADIANS = Math.PI / 180;

export function mercatorX(lon: number): number {
  return Math.round((lon / 360 + 0.5) * WORLD_UNITS) >>> 0;
}

export function mercatorY(lat: number): number {
  const sine = Math.sin(Math.max(-85.06, Math.min(85.06, lat)) * RADIANS);
  const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  return Math.max(0, Math.min(WORLD_UNITS - 1, Math.round(y * WORLD_UNITS)));
}

export function longitude(x: number): number {
  return (x / WORLD_UNITS - 0.5) * 360;
}

export function latitude(y: number): number {
  return Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / WORLD_UNITS))) / RADIANS;
}

/** The shorter way from one to the other, also across 180 degrees. */
export function difference(from: number, to: number): number {
  return (to - from) | 0;
}
