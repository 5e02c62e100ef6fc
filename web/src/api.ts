/** The HTTP side. Answers are decoded once, here; a refusal is an ApiError with the server's own sentence. */
import type { Geometry, Position } from 'geojson';
import { decodeEvent } from './live/decode';
import type { TrackerEvent } from './live/frames';

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export interface Me {
  readonly kind: string;
  readonly name: string;
}

export interface Config {
  readonly mapStyle: string | null;
  readonly version: string;
}

export interface DeviceEntry {
  readonly id: string;
  readonly name: string;
  readonly category: string | null;
}

export interface Geofence {
  readonly id: string;
  readonly name: string;
  readonly geometry: Geometry;
  readonly radius: number | null; // m, of a Point
  readonly width: number | null; // m, of a LineString
}

const PAGE = 5_000; // devices

type Json = Record<string, unknown>;

async function call(method: string, path: string, body?: object): Promise<Json> {
  const request: RequestInit = { method, credentials: 'same-origin', headers: { Accept: 'application/json' } };
  if (body) Object.assign(request, { body: JSON.stringify(body), headers: { ...request.headers, 'Content-Type': 'application/json' } });
  const response = await fetch(path, request);
  const text = await response.text();
  const answer = (text.startsWith('{') ? JSON.parse(text) : {}) as Json;
  if (!response.ok) throw new ApiError(response.status, String(answer['detail'] ?? answer['title'] ?? `HTTP ${response.status}`));
  return answer;
}

export async function signIn(token: string): Promise<void> {
  await call('POST', '/api/session', { token });
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/api/session');
}

export async function fetchMe(): Promise<Me> {
  const me = await call('GET', '/api/me');
  return { kind: String(me['kind']), name: String(me['name'] ?? '') };
}

export async function fetchConfig(): Promise<Config> {
  const config = await call('GET', '/api/config');
  return { mapStyle: typeof config['map_style'] === 'string' ? config['map_style'] : null, version: String(config['version'] ?? '') };
}

export async function fetchDevices(): Promise<DeviceEntry[]> {
  const found: DeviceEntry[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/devices?limit=${PAGE}&after=${encodeURIComponent(after)}`);
    found.push(...list(page['devices']).map(decodeDevice));
    after = typeof page['next'] === 'string' ? page['next'] : null;
  }
  return found;
}

function decodeDevice(device: Json): DeviceEntry {
  return {
    id: String(device['id']),
    name: String(device['name'] ?? device['id']),
    category: typeof device['category'] === 'string' ? device['category'] : null,
  };
}

export async function fetchGeofences(): Promise<Geofence[]> {
  const { features } = await call('GET', '/api/geofences');
  return list(features).map((feature) => {
    const properties = (feature['properties'] ?? {}) as Json;
    const number = (name: string) => (typeof properties[name] === 'number' ? properties[name] : null);
    return {
      id: String(feature['id']),
      name: String(properties['name'] ?? feature['id']),
      geometry: feature['geometry'] as Geometry,
      radius: number('radius'),
      width: number('width'),
    };
  });
}

export async function fetchEvents(after: number, limit: number): Promise<TrackerEvent[]> {
  const { events } = await call('GET', `/api/events?after=${after}&limit=${limit}`);
  return list(events).map(decodeEvent);
}

/** The places of a device since `from`, oldest first. */
export async function fetchTrack(id: string, from: Date, points: number): Promise<Position[]> {
  const query = new URLSearchParams({ from: from.toISOString(), max_points: String(points) });
  const { geometry } = await call('GET', `/api/devices/${encodeURIComponent(id)}/track?${query}`);
  const line = geometry as { coordinates?: Position[] } | null;
  return line?.coordinates ?? [];
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}
