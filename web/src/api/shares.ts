/** Sharing links of a device: made, listed, ended. The address of one is shown once. */
import { call, type Json, list } from './call';

export interface Share {
  readonly id: string;
  readonly name: string;
  readonly until: number; // ms
  readonly viewers: number;
  readonly devices: readonly string[];
}

/** `lasts` in hours, `blur` in metres, `delay` in minutes; 0: none. */
export interface ShareWish {
  readonly device: string;
  readonly name: string;
  readonly lasts: number;
  readonly blur: number;
  readonly delay: number;
  readonly password: string;
}

const HOUR_MS = 3_600_000;

/** Its id and its address. */
export async function makeShare(wish: ShareWish): Promise<{ readonly id: string; readonly url: string }> {
  const made = await call('POST', '/api/shares', {
    devices: [{ id: wish.device, name: wish.name }],
    name: wish.name,
    until: new Date(Date.now() + wish.lasts * HOUR_MS).toISOString(),
    blur: wish.blur,
    delay: wish.delay * 60,
    password: wish.password || null,
  });
  return { id: String(made['id']), url: String(made['url']) };
}

export async function fetchShares(): Promise<readonly Share[]> {
  return list((await call('GET', '/api/shares'))['shares']).map(readShare);
}

export async function endShare(id: string): Promise<void> {
  await call('DELETE', `/api/shares/${encodeURIComponent(id)}`);
}

function readShare(share: Json): Share {
  return {
    id: String(share['id']),
    name: String(share['name']),
    until: Date.parse(String(share['until'])),
    viewers: Number(share['viewers']),
    devices: list(share['devices']).map((each) => String(each['id'])),
  };
}
