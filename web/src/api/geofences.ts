/** Geofences: read whole, saved one at a time or by the file. */
import type { Geometry } from 'geojson';
import { call, here, type Json, list, numberOrNull, object, textOrNull } from './call';

export type Preset = 'strict' | 'balanced' | 'calm';
export type FileFormat = 'geojson' | 'kml' | 'gpx' | 'shapefile';
export type FenceKind = 'polygon' | 'circle' | 'corridor';

export interface Geofence {
  readonly id: string;
  readonly name: string;
  readonly geometry: Geometry;
  readonly preset: Preset;
  readonly radius: number | null; // m, of a Point
  readonly width: number | null; // m, of a LineString
  readonly dwell: number | null; // s
  readonly speedLimit: number | null; // m/s
  readonly enabled: boolean;
  /** All of them, as they came: what the form does not know is saved as it was. */
  readonly properties: Json;
}

/** As it is sent: a GeoJSON Feature; without an id the server draws one. */
export interface GeofenceFeature {
  readonly type: 'Feature';
  readonly id?: string;
  readonly geometry: Geometry;
  readonly properties: Json;
}

export async function fetchGeofences(): Promise<Geofence[]> {
  const found: Geofence[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/geofences?after=${encodeURIComponent(after)}`);
    found.push(...list(page['features']).map(decodeGeofence));
    after = textOrNull(page['next']);
  }
  return found;
}

/** What stands for all geofences as they are now; null where it is still `known`. One of them is asked for, so it costs little. */
export async function fetchGeofencesTag(known: string | null): Promise<string | null> {
  const headers = known === null ? {} : { 'If-None-Match': known };
  const response = await fetch(here('/api/geofences?limit=1'), { headers, cache: 'no-store' });
  await response.body?.cancel();
  return response.ok ? response.headers.get('ETag') : null;
}

export async function fetchGeofence(id: string): Promise<Geofence> {
  return decodeGeofence(await call('GET', `/api/geofences/${encodeURIComponent(id)}`));
}

/** As it was by a revision, also if it is another or gone by now. */
export async function fetchGeofenceAsOf(id: string, revision: number): Promise<Geofence> {
  return decodeGeofence(await call('GET', `/api/geofences/${encodeURIComponent(id)}?revision=${revision}`));
}

export async function createGeofence(feature: GeofenceFeature, group?: string): Promise<Geofence> {
  const into = group === undefined ? '' : `?group=${encodeURIComponent(group)}`;
  return decodeGeofence(await call('POST', `/api/geofences${into}`, feature));
}

/** Refused with 409 where it is another by now than at this revision, and with 404 where it is gone. */
export async function replaceGeofence(
  id: string,
  feature: GeofenceFeature,
  revision: number | null,
): Promise<Geofence> {
  return decodeGeofence(await call('PUT', `/api/geofences/${encodeURIComponent(id)}`, feature, at(revision)));
}

export async function deleteGeofence(id: string, revision: number | null): Promise<void> {
  await call('DELETE', `/api/geofences/${encodeURIComponent(id)}`, undefined, at(revision));
}

function at(revision: number | null): Record<string, string> {
  return revision === null ? {} : { 'If-Match': `"${revision}"` };
}

export function revisionOf(fence: Geofence): number | null {
  return numberOrNull(fence.properties['revision']);
}

export function decodeGeofence(feature: Json): Geofence {
  const properties = object(feature['properties']);
  return {
    id: String(feature['id']),
    name: textOrNull(properties['name']) ?? String(feature['id']),
    geometry: feature['geometry'] as Geometry,
    preset: (textOrNull(properties['preset']) ?? 'balanced') as Preset,
    radius: numberOrNull(properties['radius']),
    width: numberOrNull(properties['width']),
    dwell: numberOrNull(properties['dwell']),
    speedLimit: numberOrNull(properties['speed_limit']),
    enabled: properties['enabled'] !== false,
    properties,
  };
}

export function kindOf(geometry: Geometry): FenceKind {
  return geometry.type === 'Point' ? 'circle' : geometry.type === 'LineString' ? 'corridor' : 'polygon';
}
