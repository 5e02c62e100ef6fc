/** What one may do to a device, who else sees it, and how exactly they do. */
import { readWatchers, type Watchers } from '../watching/watchers';
import { call, numberOrNull } from './call';

/** `person`: whose own it is. */
export interface Standing {
  readonly person: number | null;
  readonly may: readonly string[];
}

function path(device: string): string {
  return `/api/devices/${encodeURIComponent(device)}`;
}

export async function fetchStanding(device: string): Promise<Standing> {
  const found = await call('GET', path(device));
  const may = Array.isArray(found['may']) ? found['may'].map(String) : [];
  return { person: numberOrNull(found['person']), may };
}

/** `until` in ms; null: until it is changed. */
export async function setPrivacy(device: string, mode: string, until: number | null): Promise<void> {
  await call('PUT', `${path(device)}/privacy`, { mode, until: until === null ? null : new Date(until).toISOString() });
}

export async function fetchWatchers(device: string): Promise<Watchers> {
  return readWatchers(await call('GET', `${path(device)}/watchers`));
}
