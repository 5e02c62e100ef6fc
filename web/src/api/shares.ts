/** Sharing links of a device: made, listed, ended. The address of one is shown once. */
import { call, type Json, list } from './call';

export interface Share {
  readonly id: string;
  readonly name: string;
  readonly until: number; // ms
  readonly viewers: number;
  readonly devices: readonly string[];
}

/** Somebody who opened a link: when first and last (ms), from where, with what. */
export interface Look {
  readonly since: number;
  readonly seen: number;
  readonly address: string;
  readonly program: string;
}

/** `lasts` in hours, `blur` in metres, `delay` and `trail` in minutes; 0: none. `group`: all that is in it, in place of
 * the device; `hide` and `stop` are ids of geofences. */
export interface ShareWish {
  readonly device: string;
  readonly group: string | null;
  readonly hide: readonly string[];
  readonly trail: number;
  readonly stop: string | null;
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
    ...(wish.group === null ? { devices: [{ id: wish.device, name: wish.name }] } : { group: wish.group }),
    hide: wish.hide,
    trail: wish.trail * 60,
    stop: wish.stop,
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

/** The newest first. */
export async function fetchLooks(id: string): Promise<readonly Look[]> {
  return list((await call('GET', `/api/shares/${encodeURIComponent(id)}/looks`))['looks']).map((look) => ({
    since: Date.parse(String(look['since'])),
    seen: Date.parse(String(look['seen'])),
    address: String(look['address']),
    program: String(look['program']),
  }));
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
