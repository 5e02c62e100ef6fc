/** Files of geofences: tried first, then taken in. */
import { type Json, list, object, send, textOrNull } from './call';
import { decodeGeofence, type FileFormat, type Geofence } from './geofences';

export interface Bad {
  readonly index: number; // of the feature in the file, from 0
  readonly name: string | null;
  readonly reason: string;
}

/** What was read otherwise than it stands there. `index` null: it is about the file. */
export interface Said {
  readonly index: number | null;
  readonly note: string;
  readonly times: number;
}

/** What became of a file, or would: `refused` and `said` are the first of them. */
export interface Imported {
  readonly created: number;
  readonly replaced: number;
  readonly unchanged: number;
  readonly ids: readonly string[];
  readonly refused: readonly Bad[];
  readonly refusedCount: number;
  readonly said: readonly Said[];
}

export type Becomes = 'created' | 'replaced' | 'unchanged';

export interface Proposed {
  readonly index: number;
  readonly becomes: Becomes;
  readonly fence: Geofence;
}

export type OnConflict = 'replace' | 'skip';

/** How a file is read, and which group is to hold what is new: none but for who manages several. */
export interface Reading {
  readonly format: FileFormat;
  readonly group: string | undefined;
}

/** What an import would make, and nothing of it is kept. Of a large file the first of the features. */
export async function tryImport(file: ArrayBuffer, reading: Reading): Promise<[Imported, readonly Proposed[]]> {
  const answer = (await (await send('POST', addressOf(reading, 'replace', true), file)).json()) as Json;
  const features = list(answer['features']).map((each) => ({
    index: Number(each['index']),
    becomes: String(each['becomes']) as Becomes,
    fence: decodeGeofence(object(each['feature'])),
  }));
  return [decodeImported(answer), features];
}

/** Of a file, all that can be a geofence. As bytes: a file says itself in which encoding it is. */
export async function importGeofences(file: ArrayBuffer, reading: Reading, onConflict: OnConflict): Promise<Imported> {
  return decodeImported((await (await send('POST', addressOf(reading, onConflict, false), file)).json()) as Json);
}

/** Places and lines of all but GeoJSON have no size of their own, and get one. */
function addressOf({ format, group }: Reading, onConflict: OnConflict, isTried: boolean): string {
  const sizes = format === 'geojson' ? {} : { radius: '100', width: '50' };
  const into = group === undefined ? sizes : { ...sizes, group };
  const given = { format, on_conflict: onConflict, already_inside: 'noted', dry_run: String(isTried), ...into };
  return `/api/geofences/import?${new URLSearchParams(given)}`;
}

export function decodeImported(answer: Json): Imported {
  return {
    created: Number(answer['created']),
    replaced: Number(answer['replaced']),
    unchanged: Number(answer['unchanged']),
    ids: Array.isArray(answer['ids']) ? answer['ids'].map(String) : [],
    refused: list(answer['refused']).map((each) => ({
      index: Number(each['index']),
      name: textOrNull(each['name']) ?? textOrNull(each['id']),
      reason: String(each['reason']),
    })),
    refusedCount: Number(answer['refused_count']),
    said: list(answer['said']).map((each) => ({
      index: each['index'] === null || each['index'] === undefined ? null : Number(each['index']),
      note: String(each['note']),
      times: Number(each['times'] ?? 1),
    })),
  };
}

/** Null for a file that has to be unpacked first. */
export function formatOf(name: string): FileFormat | null {
  const ending = name.toLowerCase().split('.').at(-1) ?? '';
  if (['dbf', 'gpkg', '7z', 'gz', 'rar'].includes(ending)) return null;
  if (ending === 'zip' || ending === 'shp') return 'shapefile'; // what is in a zip the server finds out
  if (ending === 'kmz') return 'kml';
  return ending === 'kml' || ending === 'gpx' ? ending : 'geojson';
}
