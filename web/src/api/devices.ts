/** Devices as the catalogue has them, and where one has been. */
import type { Position } from 'geojson';
import { call, type Json, list, textOrNull } from './call';

export interface DeviceEntry {
  readonly id: string;
  readonly name: string;
  readonly category: string | null;
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
  };
}

/** The places of a device since `from`, oldest first. */
export async function fetchTrack(id: string, from: Date, points: number): Promise<Position[]> {
  const query = new URLSearchParams({ from: from.toISOString(), max_points: String(points) });
  const { geometry } = await call('GET', `/api/devices/${encodeURIComponent(id)}/track?${query}`);
  const line = geometry as { coordinates?: Position[] } | null;
  return line?.coordinates ?? [];
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

/** The address that makes a phone this device, once. */
export async function pairDevice(id: string): Promise<{ readonly url: string }> {
  const pairing = await call('POST', `/api/devices/${encodeURIComponent(id)}/pairing`, {});
  return { url: String(pairing['url']) };
}
