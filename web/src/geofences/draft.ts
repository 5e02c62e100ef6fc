/** A geofence as a person is making it: what is typed is text until it is saved. */
import type { Geometry, Position } from 'geojson';
import type { Json } from '../api/call';
import { type FenceKind, type Geofence, type GeofenceFeature, kindOf, type Preset, revisionOf } from '../api/geofences';
import { ring } from '../map/circle';
import { measure } from '../units';
import { words } from '../words';
import { type Expected, readExpected, writeExpected } from './expect';

export interface Draft {
  readonly id: string | null; // null: it is new
  readonly revision: number | null; // that it was read at
  readonly kind: FenceKind;
  readonly geometry: Geometry | null; // null: not drawn yet
  readonly name: string;
  readonly preset: Preset;
  readonly enabled: boolean;
  readonly radius: string; // m, of a circle
  readonly width: string; // m, of a corridor
  readonly dwell: string; // minutes
  readonly limit: string; // in the reader's unit of speed
  readonly expect: readonly Expected[];
  readonly notes: boolean; // who is inside when it comes into force, instead of telling that they entered
  /** Properties the form does not know. */
  readonly kept: Json;
}

/** What is wrong, by field: `name`, `preset`, `radius`, `width`, `dwell`, `limit`, `expect`, `shape`; `form` for the rest. */
export type Faults = Readonly<Record<string, string>>;

export const PRESETS: readonly Preset[] = ['strict', 'balanced', 'calm'];

const KNOWN = [
  'name',
  'preset',
  'enabled',
  'radius',
  'width',
  'dwell',
  'speed_limit',
  'expect',
  'already_inside',
  'revision',
];
const CORNERS = 64; // of a circle's border as it is sketched
const MOST_CORNERS = 500; // each is a handle on the map
const FIELDS: Record<string, string> = { speed_limit: 'limit', geometry: 'shape', coordinates: 'shape' };

export function blank(kind: FenceKind): Draft {
  return {
    id: null,
    revision: null,
    kind,
    geometry: null,
    name: '',
    preset: 'balanced',
    enabled: true,
    radius: '',
    width: kind === 'corridor' ? '50' : '',
    dwell: '',
    limit: '',
    expect: [],
    notes: true,
    kept: {},
  };
}

export function draftOf(fence: Geofence): Draft {
  const kept = Object.fromEntries(Object.entries(fence.properties).filter(([name]) => !KNOWN.includes(name)));
  return {
    id: fence.id,
    revision: revisionOf(fence),
    kind: kindOf(fence.geometry),
    geometry: fence.geometry,
    name: fence.name,
    preset: fence.preset,
    enabled: fence.enabled,
    radius: text(fence.radius),
    width: text(fence.width),
    dwell: text(fence.dwell === null ? null : fence.dwell / 60),
    limit: text(fence.speedLimit === null ? null : Math.round((fence.speedLimit / measure().speed.each) * 10) / 10),
    expect: readExpected(fence.properties['expect']),
    notes: fence.properties['already_inside'] === 'noted',
    kept,
  };
}

/** What was wrong with a field is not said of what stands there now; what was refused as a whole, neither. */
export function without(faults: Faults, changed: readonly string[]): Faults {
  const fields = new Set([...changed.map((name) => (name === 'geometry' ? 'shape' : name)), 'form']);
  const left = Object.entries(faults).filter(([name]) => !fields.has(name));
  return left.length === Object.keys(faults).length ? faults : Object.fromEntries(left);
}

/** Null where it can be sent. */
export function faultsOf(draft: Draft): Faults | null {
  const faults: Record<string, string> = {};
  if (!draft.geometry) faults['shape'] = words.value.geofences.first;
  for (const field of ['radius', 'width', 'dwell', 'limit'] as const) {
    if (draft[field].trim() !== '' && Number.isNaN(number(draft[field]))) faults[field] = words.value.app.notANumber;
  }
  return Object.keys(faults).length ? faults : null;
}

export function featureOf(draft: Draft): GeofenceFeature {
  const properties: Json = { ...draft.kept, preset: draft.preset };
  const say = (name: string, value: number) => {
    if (!Number.isNaN(value)) properties[name] = value;
  };
  if (draft.name.trim()) properties['name'] = draft.name.trim();
  if (!draft.enabled) properties['enabled'] = false;
  if (draft.kind === 'circle') say('radius', number(draft.radius));
  if (draft.kind === 'corridor') say('width', number(draft.width));
  say('dwell', Math.round(number(draft.dwell) * 60));
  say('speed_limit', Math.round(number(draft.limit) * measure().speed.each * 1e4) / 1e4);
  const expected = writeExpected(draft.expect);
  if (expected.length) properties['expect'] = expected;
  if (draft.notes) properties['already_inside'] = 'noted';
  return { type: 'Feature', ...(draft.id === null ? {} : { id: draft.id }), geometry: draft.geometry!, properties };
}

/** As it was, under its own id: for bringing back what was deleted. Nobody enters it by that who was inside all the time. */
export function featureAgain(fence: Geofence): GeofenceFeature {
  const { properties, ...feature } = featureAsItWas(fence);
  return { ...feature, properties: { already_inside: 'noted', ...properties } };
}

export function featureAsItWas({ id, geometry, properties }: Geofence): GeofenceFeature {
  const { revision: _, ...kept } = properties;
  return { type: 'Feature', id, geometry, properties: kept };
}

/** Whether they say the same, whichever revisions they are of, and whether who was inside is noted or told. */
export function isAlike(a: Geofence, b: Geofence): boolean {
  const said = ({ geometry, properties: { revision: _, already_inside: __, ...properties } }: Geofence) =>
    JSON.stringify([
      geometry.type,
      'coordinates' in geometry && geometry.coordinates,
      Object.entries(properties).sort(),
    ]);
  return a.id === b.id && said(a) === said(b);
}

/** The server's `properties.speed_limit` and its sentence, at the field a person knows it by. */
export function faultAt(field: string | null, message: string): Faults {
  const parts = (field ?? '').split(/[.[]/);
  const name = parts[0] === 'properties' ? parts[1]! : parts[0]!;
  const shown = FIELDS[name] ?? name;
  const known = ['name', 'preset', 'radius', 'width', 'dwell', 'limit', 'expect', 'shape'].includes(shown);
  const sentence =
    field !== null && message.startsWith(`${field}: `)
      ? message.slice(field.length + 2)
      : message.replace(/^geometry: /, '');
  return { [known ? shown : 'form']: known ? sentence : message };
}

/** The corners of what is drawn by hand, and of a circle's border. */
export function placesOf({ geometry, radius }: Draft): readonly Position[] {
  if (geometry?.type === 'Point') return ring(geometry.coordinates, number(radius) || 0, CORNERS).coordinates[0]!;
  if (geometry?.type === 'LineString') return geometry.coordinates;
  return geometry?.type === 'Polygon' ? (geometry.coordinates[0] ?? []) : [];
}

/** Whether its corners can be moved on the map: one ring, not too many of them, within 180 degrees. */
export function canReshape(geometry: Geometry): boolean {
  if (geometry.type === 'Point') return inWorld([geometry.coordinates]);
  if (geometry.type === 'LineString')
    return inWorld(geometry.coordinates) && geometry.coordinates.length <= MOST_CORNERS;
  if (geometry.type !== 'Polygon' || geometry.coordinates.length !== 1) return false;
  const places = geometry.coordinates[0]!;
  return inWorld(places) && places.length <= MOST_CORNERS;
}

function inWorld(places: readonly Position[]): boolean {
  const jumps = places.some((place, i) => i > 0 && Math.abs(place[0]! - places[i - 1]![0]!) > 180);
  return !jumps && places.every(([lon = 0]) => Math.abs(lon) <= 180);
}

/** NaN for what is none, and for nothing. A comma is a point. */
export function number(typed: string): number {
  return typed.trim() === '' ? NaN : Number(typed.trim().replace(',', '.'));
}

function text(value: number | null): string {
  return value === null ? '' : String(Math.round(value * 1e4) / 1e4);
}
