/** What one may do to a device, who else sees it, and how exactly they do. */
import { call, list, numberOrNull, textOrNull } from './call';

/** `person`: whose own it is. */
export interface Standing {
  readonly person: number | null;
  readonly may: readonly string[];
}

export interface Watchers {
  readonly people: readonly { readonly name: string; readonly role: string; readonly group: string | null }[];
  readonly links: readonly { readonly id: string; readonly name: string; readonly until: number }[];
  readonly readings: readonly { readonly at: number; readonly who: string; readonly link: string | null }[];
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
  const found = await call('GET', `${path(device)}/watchers`);
  return {
    people: list(found['watchers']).map((each) => ({
      name: String(each['name']),
      role: String(each['role']),
      group: textOrNull(each['group']),
    })),
    links: list(found['links']).map((each) => ({
      id: String(each['id']),
      name: String(each['name']),
      until: Date.parse(String(each['until'])),
    })),
    readings: list(found['readings']).map((each) => ({
      at: Date.parse(String(each['at'])),
      who: String(each['who']),
      link: textOrNull(each['link']),
    })),
  };
}
