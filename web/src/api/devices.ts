/** Devices as the catalogue has them, one as it is, what is done to it, and where it has been. */
import type { Position } from 'geojson';
import { call, here, type Json, list, numberOrNull, object, send, textOrNull } from './call';

/** That it was moved while parked is told: so many metres from where it was at `since` (ms). */
export interface DeviceGuard {
  readonly radius: number;
  readonly since: number;
}

export interface DeviceEntry {
  readonly id: string;
  readonly name: string;
  readonly category: string | null;
  readonly color: string | null; // '#rrggbb'
  readonly icon: string | null;
  readonly photo: string | null; // which one, where it has one
  readonly trips: boolean; // it is told when it sets out and stops
  readonly guard: DeviceGuard | null;
  readonly person: number | null; // whose own it is
}

export interface DeviceDetails extends DeviceEntry {
  readonly interval: number | null; // s
  readonly notes: string;
}

/** As people type it: what is empty, or an interval of 0, is taken away. */
export interface DeviceChange {
  readonly name: string;
  readonly category: string;
  readonly interval: number;
  readonly color: string;
  readonly icon: string;
  readonly notes: string;
  readonly trips: boolean;
}

/** What is erased together with a device. `first` in ms. */
export interface Contents {
  readonly fixes: number;
  readonly first: number | null;
  readonly events: number;
  readonly messages: number;
  readonly pairs: number;
}

const PAGE = 5_000; // devices

export async function fetchDevices(): Promise<DeviceEntry[]> {
  const found: DeviceEntry[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/devices?limit=${PAGE}&after=${encodeURIComponent(after)}`);
    found.push(...list(page['devices']).map(decodeDevice));
    after = textOrNull(page['next']);
  }
  return found;
}

function decodeDevice(device: Json): DeviceEntry {
  return {
    id: String(device['id']),
    name: String(device['name'] ?? device['id']),
    category: textOrNull(device['category']),
    color: textOrNull(device['color']),
    icon: textOrNull(device['icon']),
    photo: textOrNull(device['photo']),
    trips: device['trips'] === true,
    guard: decodeGuard(device['guard']),
    person: numberOrNull(device['person']),
  };
}

function decodeGuard(given: unknown): DeviceGuard | null {
  const { radius, since } = object(given);
  return typeof radius === 'number' ? { radius, since: Date.parse(String(since)) } : null;
}

function at(id: string): string {
  return `/api/devices/${encodeURIComponent(id)}`;
}

export async function fetchDevice(id: string): Promise<DeviceDetails> {
  const device = await call('GET', at(id));
  return {
    ...decodeDevice(device),
    interval: numberOrNull(device['interval']),
    notes: textOrNull(device['notes']) ?? '',
  };
}

export async function changeDevice(id: string, change: DeviceChange): Promise<void> {
  await call('PATCH', at(id), change);
}

/** '' takes it away. */
export async function changeCategory(id: string, category: string): Promise<void> {
  await call('PATCH', at(id), { category });
}

/** Armed anew, so far from where it is now; 0: no more. */
export async function changeGuard(id: string, radius: number): Promise<void> {
  await call('PATCH', at(id), { guard: radius });
}

export async function changeTrips(id: string, trips: boolean): Promise<void> {
  await call('PATCH', at(id), { trips });
}

/** Another photo has another address: what the browser has kept of the last is not shown for it. */
export function photoAddress(id: string, photo: string): string {
  return here(`${at(id)}/photo?v=${photo}`);
}

export async function setPhoto(id: string, photo: Blob): Promise<void> {
  await send('PUT', `${at(id)}/photo`, photo, undefined, { 'Content-Type': photo.type });
}

export async function removePhoto(id: string): Promise<void> {
  await call('DELETE', `${at(id)}/photo`);
}

export async function removeDevice(id: string): Promise<void> {
  await call('DELETE', at(id));
}

/** The new one, which is not shown again; the old one has ended. */
export async function renewToken(id: string): Promise<string> {
  return String((await call('POST', `${at(id)}/token`, {}))['token']);
}

export async function fetchContents(id: string): Promise<Contents> {
  const found = await call('GET', `${at(id)}/contents`);
  const first = textOrNull(found['first']);
  return {
    fixes: Number(found['fixes']),
    first: first === null ? null : Date.parse(first),
    events: Number(found['events']),
    messages: Number(found['messages']),
    pairs: Number(found['pairs']),
  };
}

/** The places of a device since `from`, oldest first. */
export async function fetchTrack(id: string, from: Date, points: number): Promise<Position[]> {
  const query = new URLSearchParams({ from: from.toISOString(), max_points: String(points) });
  const { geometry } = await call('GET', `${at(id)}/track?${query}`);
  const line = geometry as { coordinates?: Position[] } | null;
  return line?.coordinates ?? [];
}

/** Every fix since `from` as CSV, oldest first, with a head. */
export async function fetchFixes(id: string, from: Date): Promise<string> {
  const query = new URLSearchParams({ from: from.toISOString(), format: 'csv' });
  return (await send('GET', `${at(id)}/track?${query}`)).text();
}

/** One that was just made. Its token is not shown again. */
export interface NewDevice {
  readonly id: string;
  readonly token: string;
}

export async function createDevice(name: string, category: string | null, interval: number | null): Promise<NewDevice> {
  const made = await call('POST', '/api/devices', { name: name || null, category: category || null, interval });
  return { id: String(made['id']), token: String(made['token']) };
}

/** The one address for every phone app. Null where the reader may not change the device. */
export async function fetchIngestUrl(id: string): Promise<string | null> {
  return textOrNull((await call('GET', at(id)))['ingest_url']);
}

/** By which addresses a phone of the same network reaches the server; `listens`: whether any of them can. */
export interface Network {
  readonly addresses: readonly string[];
  readonly listens: boolean;
}

export async function fetchNetwork(): Promise<Network> {
  const found = await call('GET', '/api/network');
  return { addresses: (found['addresses'] as string[] | undefined) ?? [], listens: found['listens'] === true };
}

/** The address that makes a phone this device, once. */
export async function pairDevice(id: string): Promise<{ readonly url: string }> {
  const pairing = await call('POST', `${at(id)}/pairing`, {});
  return { url: String(pairing['url']) };
}
