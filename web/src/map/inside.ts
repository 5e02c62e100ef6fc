/** One place of a geofence that lies in it, for its name: of what a tile's edge cuts, each part would be named. */
import type { Geometry, Position } from 'geojson';

type Ring = readonly Position[];

/** In the middle where that is inside, else in the middle of the broadest part half-way up. Null where there is none. A
 * step over 180 degrees of longitude is one over the edge of the map. */
export function placeInside(geometry: Geometry): Position | null {
  if (geometry.type === 'Point') return geometry.coordinates;
  const place = placeIn(geometry);
  return place && [place[0]! - 360 * Math.round(place[0]! / 360), place[1]!];
}

function placeIn(geometry: Geometry): Position | null {
  if (geometry.type === 'LineString') return halfWay(unrolled(geometry.coordinates));
  if (geometry.type === 'Polygon') return inArea(inOneWorld(geometry.coordinates));
  if (geometry.type !== 'MultiPolygon') return null;
  const size = (rings: readonly Ring[]) => Math.abs(weigh(rings[0]!)[2]);
  const areas = geometry.coordinates.map(inOneWorld);
  return inArea(areas.reduce((most, each) => (size(each) > size(most) ? each : most)));
}

/** Holes lie beside where the border begins, in whichever world that is. */
function inOneWorld(rings: readonly Ring[]): readonly Ring[] {
  return rings.map((ring) => unrolled(ring, rings[0]![0]?.[0]));
}

/** Each place less than half the world from the one before, the first from `before`: longitudes may leave -180 to 180. */
function unrolled(ring: Ring, before = ring[0]?.[0] ?? 0): Ring {
  let last = before;
  return ring.map(([lon, lat]) => {
    last = lon! + 360 * Math.round((last - lon!) / 360);
    return [last, lat!];
  });
}

function inArea(rings: readonly Ring[]): Position | null {
  const border = rings[0] ?? [];
  const [x, y, weight] = weigh(border);
  const middle = [x / weight, y / weight];
  if (spansAt(rings, middle[1]!).some(([from, to]) => from < middle[0]! && middle[0]! < to)) return middle;
  const heights = border.map((place) => place[1]!);
  const height = (Math.min(...heights) + Math.max(...heights)) / 2;
  const spans = spansAt(rings, height);
  if (!spans.length) return border[0] ?? null;
  const [from, to] = spans.reduce((most, each) => (each[1] - each[0] > most[1] - most[0] ? each : most));
  return [(from + to) / 2, height];
}

/** Where a parallel is inside, from west to east; none at a height that is no number. */
function spansAt(rings: readonly Ring[], height: number): (readonly [from: number, to: number])[] {
  const cuts: number[] = [];
  for (const ring of rings)
    for (let i = 1; i < ring.length; i++) {
      const [[x1, y1], [x2, y2]] = [ring[i - 1] as [number, number], ring[i] as [number, number]];
      if (y1 > height !== y2 > height) cuts.push(x1 + ((height - y1) / (y2 - y1)) * (x2 - x1));
    }
  cuts.sort((a, b) => a - b);
  return Array.from({ length: cuts.length >> 1 }, (_, i) => [cuts[2 * i]!, cuts[2 * i + 1]!]);
}

/** The sums whose quotients are the centroid, and the weight they are divided by. Around its first place: exact at 1 m. */
function weigh(ring: Ring): readonly [x: number, y: number, weight: number] {
  const [x0 = 0, y0 = 0] = ring[0] ?? [];
  let [x, y, weight] = [0, 0, 0];
  for (let i = 1; i < ring.length; i++) {
    const [x1, y1] = [ring[i - 1]![0]! - x0, ring[i - 1]![1]! - y0];
    const [x2, y2] = [ring[i]![0]! - x0, ring[i]![1]! - y0];
    const turn = x1 * y2 - x2 * y1;
    x += (x1 + x2) * turn;
    y += (y1 + y2) * turn;
    weight += 3 * turn;
  }
  return [x + x0 * weight, y + y0 * weight, weight];
}

/** Where half its length is behind. */
function halfWay(way: Ring): Position | null {
  const lengths = way.slice(1).map((to, i) => lengthOf(way[i]!, to));
  let rest = lengths.reduce((sum, each) => sum + each, 0) / 2;
  const i = lengths.findIndex((each) => {
    if (each > 0 && rest <= each) return true;
    rest -= each;
    return false;
  });
  if (i < 0) return way[0] ?? null; // it stays where it is
  const [[x1, y1], [x2, y2]] = [way[i] as [number, number], way[i + 1] as [number, number]];
  const part = rest / lengths[i]!;
  return [x1 + (x2 - x1) * part, y1 + (y2 - y1) * part];
}

/** In degrees of latitude, near enough to halve a way. */
function lengthOf([x1, y1]: Position, [x2, y2]: Position): number {
  return Math.hypot((x2! - x1!) * Math.cos(((y1! + y2!) * Math.PI) / 360), y2! - y1!);
}
