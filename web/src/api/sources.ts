/** Sources: addresses that speak for many devices, and the names they say that are no device yet. */
import { call, type Json, list, textOrNull } from './call';

export interface Heard {
  readonly source: string;
  readonly name: string;
  readonly app: string;
  readonly fixes: number; // of the last day that are kept
  readonly lastSeen: number; // ms
}

/** The names of all sources, the one that was heard last first. None for who may make no devices. */
export async function fetchHeard(): Promise<readonly Heard[]> {
  const found: Heard[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/sources?after=${encodeURIComponent(after)}`);
    for (const source of list(page['sources'])) found.push(...(await fetchOf(String(source['id']))));
    after = textOrNull(page['next']);
  }
  return found.sort((one, two) => two.lastSeen - one.lastSeen);
}

async function fetchOf(source: string): Promise<readonly Heard[]> {
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
