/** What a place is near, in words, and by which clocks people live there: from the names that ship with the map. */
import { here } from '../api/call';

/** As the server words it in alerts (tracker/geo/towns.py): both read the same two files. */
export interface Town {
  readonly lon: number;
  readonly lat: number;
  readonly people: number;
  readonly zone: string; // IANA
  readonly name: string;
}

interface Index {
  readonly step: number; // degrees
  readonly zones: readonly string[];
  readonly cells: Readonly<Record<string, readonly [offset: number, length: number]>>;
}

const FURTHEST_KM = 250; // beyond it a town says little of a place
const KEPT = 64; // cells; full: the one that was asked for first is forgotten
const EARTH_KM = 6_371.0088;
const cells = new Map<string, Promise<readonly Town[]>>();
let index: Promise<Index> | null = null;

/** The one that people would name: near, and the larger the sooner. Null where there is none, or none can be read. */
export async function findTown(lon: number, lat: number): Promise<Town | null> {
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) return null;
  try {
    const { step } = await readIndex();
    const around = around9(Math.floor(lon / step), Math.floor(lat / step), 360 / step);
    return choose((await Promise.all(around.map(readCell))).flat(), lon, lat);
  } catch (error) {
    if (error instanceof TypeError) return null; // no network: the next to ask tries again
    throw error;
  }
}

export function choose(towns: readonly Town[], lon: number, lat: number): Town | null {
  let best: Town | null = null;
  let least = Infinity;
  for (const town of towns) {
    const score = kilometres(town, lon, lat) - radiusOf(town);
    if (score < least) [best, least] = [town, score];
  }
  return best !== null && kilometres(best, lon, lat) <= FURTHEST_KM ? best : null;
}

/** How far from its middle one would still say to be in it, in km. */
export function radiusOf({ people }: Town): number {
  return 1 + Math.sqrt(people) / 200;
}

export function kilometres(town: Town, lon: number, lat: number): number {
  const rad = Math.PI / 180;
  const [half, across] = [Math.sin(((lat - town.lat) * rad) / 2), Math.sin(((lon - town.lon) * rad) / 2)];
  const chord = half * half + Math.cos(lat * rad) * Math.cos(town.lat * rad) * across * across;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** 0 for north, 1 for north-east, and so on: in which direction from the town a place lies. */
export function windOf(town: Town, lon: number, lat: number): number {
  const turned = ((((lon - town.lon + 180) % 360) + 360) % 360) - 180;
  const east = turned * Math.cos((((lat + town.lat) / 2) * Math.PI) / 180);
  return (Math.round((Math.atan2(east, lat - town.lat) * 180) / Math.PI / 45) + 8) % 8;
}

function around9(x: number, y: number, turn: number): string[] {
  const steps = [-1, 0, 1];
  const wrapped = (at: number) => ((((at + turn / 2) % turn) + turn) % turn) - turn / 2;
  return steps.flatMap((i) => steps.map((j) => `${wrapped(x + i)},${y + j}`));
}

function readIndex(): Promise<Index> {
  index ??= fetch(here('tiles/towns.json')).then((answer) => {
    if (!answer.ok) throw new TypeError(`towns: ${answer.status}`);
    return answer.json() as Promise<Index>;
  });
  index.catch(() => (index = null));
  return index;
}

function readCell(name: string): Promise<readonly Town[]> {
  const known = cells.get(name);
  if (known) return known;
  const read = fetchCell(name);
  cells.set(name, read);
  read.catch(() => cells.delete(name));
  if (cells.size > KEPT) cells.delete(cells.keys().next().value!);
  return read;
}

async function fetchCell(name: string): Promise<readonly Town[]> {
  const { cells: places, zones } = await readIndex();
  const place = places[name];
  if (!place) return [];
  const [offset, length] = place;
  const answer = await fetch(here('tiles/towns.txt'), { headers: { Range: `bytes=${offset}-${offset + length - 1}` } });
  if (!answer.ok) throw new TypeError(`towns: ${answer.status}`);
  const all = new Uint8Array(await answer.arrayBuffer());
  const bytes = answer.status === 206 ? all : all.subarray(offset, offset + length); // a proxy may give the whole
  return decodeTowns(new TextDecoder().decode(bytes), zones);
}

export function decodeTowns(text: string, zones: readonly string[]): readonly Town[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [lon, lat, people, zone, name = ''] = line.split('\t');
      return { lon: Number(lon), lat: Number(lat), people: Number(people), zone: zones[Number(zone)] ?? 'UTC', name };
    });
}
