/**
 * How many of the passages through a geofence will be told, by the rules of the presets (tracker/pipeline/presets.py): of
 * devices that go straight through, at any distance from its middle. The errors of fixes are in it by the margins alone.
 */
import type { Position } from 'geojson';
import type { FenceKind, Preset } from '../api/geofences';
import { METRES_PER_DEGREE } from '../map/circle';
import type { Usual } from './usual';

interface Rules {
  readonly accuracy: number; // times its accuracy ...
  readonly band: number; // ... and so many m must a fix lie from the border
  readonly fixes: number;
  readonly seconds: number;
}

const RULES: Record<Preset, Rules> = {
  strict: { accuracy: 0, band: 0, fixes: 1, seconds: 0 },
  balanced: { accuracy: 1, band: 5, fixes: 2, seconds: 5 },
  calm: { accuracy: 1.5, band: 5, fixes: 3, seconds: 20 },
};
const SHALLOW = 0.5; // of the breadth: so deep is always deep enough
const WORST = 0.5; // of the breadth: a fix that is less exact says nothing of being inside
const GAP_S = 300; // between two fixes nothing is concluded from a way longer than this
const GAP_METRES = 10_000;
const WAYS = 64;

/** How far from the border (m) a fix has to lie before it says on which side it is; 0 where every fix decides. */
export function marginOf(preset: Preset, accuracy: number): number {
  const { accuracy: times, band } = RULES[preset];
  return band + times * (accuracy || 0);
}

/** How deep (m) a place in it can lie, roughly: a circle's radius, half a corridor's width, twice the area by the border. */
export function breadthOf(kind: FenceKind, places: readonly Position[], width: number): number {
  if (kind === 'corridor') return places.length > 1 && width > 0 ? width / 2 : 0;
  if (places.length < 4) return 0;
  const east = METRES_PER_DEGREE * Math.cos(((places[0]![1] ?? 0) * Math.PI) / 180);
  const metres = places.map(([lon = 0, lat = 0]) => [
    (lon - places[0]![0]!) * east,
    (lat - places[0]![1]!) * METRES_PER_DEGREE,
  ]);
  let [twice, border] = [0, 0];
  for (let i = 1; i < metres.length; i++) {
    const [[x0 = 0, y0 = 0], [x1 = 0, y1 = 0]] = [metres[i - 1]!, metres[i]!];
    twice += x0 * y1 - x1 * y0;
    border += Math.hypot(x1 - x0, y1 - y0);
  }
  return border > 0 ? Math.abs(twice) / border : 0;
}

/** The share of passages that will not be told, 0 to 1. */
export function missedOf(preset: Preset, kind: FenceKind, breadth: number, usual: Usual): number {
  const accuracy = usual.accuracy || 0;
  const isRough = preset !== 'strict' && accuracy > Math.max(WORST * breadth, RULES[preset].band);
  if (isRough || !(breadth > 0)) return 1;
  let missed = 0;
  for (let i = 0; i < WAYS; i++) missed += missesWay(preset, kind, breadth, usual, (i + 0.5) / WAYS);
  return missed / WAYS;
}

/** Of one way, `aside` 0 to 1: of a circle how far from its middle, of a corridor how much along it. */
function missesWay(preset: Preset, kind: FenceKind, breadth: number, usual: Usual, aside: number): number {
  const { fixes, seconds } = RULES[preset];
  const slack = Math.min(marginOf(preset, usual.accuracy), preset === 'strict' ? 0 : SHALLOW * breadth);
  const deepest = kind === 'corridor' ? breadth : breadth * (1 - aside);
  if (deepest < slack) return 1;
  const concludes = preset !== 'strict' && usual.interval <= GAP_S && usual.interval * usual.speed <= GAP_METRES;
  if (concludes) return 0; // from the straight way between two fixes
  const core = breadth - slack;
  const metres =
    kind === 'corridor'
      ? (2 * core) / Math.cos((aside * Math.PI) / 3)
      : 2 * Math.sqrt(core ** 2 - (aside * breadth) ** 2);
  const held = Math.max(fixes - 1, Math.ceil(seconds / usual.interval)) * usual.interval;
  return Math.max(0, Math.min(1, 1 - (metres / usual.speed - held) / usual.interval));
}
