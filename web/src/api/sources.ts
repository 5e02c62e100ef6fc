/** Sources: addresses that speak for many devices, and the names they say that are no device yet. */
import { call, type Json, list, textOrNull } from './call';

export interface Heard {
  readonly source: string;
  readonly name: string;
  readonly app: string;
  readonly fixes: number; // of the last day that are kept
  readonly lastSeen: number; // ms
}

export interface Source {
  readonly id: string;
  readonly name: string;
  readonly group: string | null; // null: the installation's
  readonly url: string; // where what speaks for many devices reports to
  readonly fault: string | null; // the newest of what it said that could be given to nobody
}

/** Those that one may change, by id. None for who may make no devices. */
export async function fetchSources(): Promise<readonly Source[]> {
  const found: Source[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/sources?after=${encodeURIComponent(after)}`);
    found.push(...list(page['sources']).map(readSource));
    after = textOrNull(page['next']);
  }
  return found;
}

export async function makeSource(name: string, group: string | null): Promise<Source> {
  return readSource(await call('POST', '/api/sources', { name, group }));
}

/** Its address ends; its devices stay. */
export async function removeSource(id: string): Promise<void> {
  await call('DELETE', `/api/sources/${encodeURIComponent(id)}`);
}

function readSource(found: Json): Source {
  return {
    id: String(found['id']),
    name: String(found['name']),
    group: textOrNull(found['group']),
    url: String(found['ingest_url']),
    fault: textOrNull(found['fault']),
  };
}

/** The names of all sources, the one that was heard last first. None for who may make no devices. */
export async function fetchHeard(): Promise<readonly Heard[]> {
  const found = await Promise.all((await fetchSources()).map((source) => fetchHeardOf(source.id)));
  return found.flat().sort((one, two) => two.lastSeen - one.lastSeen);
}

/** The names that one source says. */
export async function fetchHeardOf(source: string): Promise<readonly Heard[]> {
  const page = await call('GET', `/api/sources/${encodeURIComponent(source)}/unknown`);
  return list(page['unknown']).map((each) => ({
    source,
    name: String(each['name']),
    app: String(each['app']),
    fixes: Number(each['fixes']),
    lastSeen: Date.parse(String(each['last_seen'])),
  }));
}

/** From now on the name means this device, which is made where there is none. How many fixes it brought. */
export async function adopt(heard: Heard, device: string): Promise<number> {
  const path = `/api/sources/${encodeURIComponent(heard.source)}/unknown/${encodeURIComponent(heard.name)}`;
  return Number((await call('POST', path, { device }))['stored']);
}

/** What the name could be as an id. */
export function proposeId(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 64);
}
