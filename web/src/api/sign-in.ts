/** Signing in and out, who one is, and what the server wants the page to know. */
import { call, numberOrNull, textOrNull } from './call';
import { type Role, readRoles } from './people';

export interface Me {
  readonly kind: string;
  readonly name: string;
  /** The number of a person; null for who is here by a token. */
  readonly person: number | null;
  readonly owner: boolean;
  readonly groups: readonly Role[];
}

export interface Config {
  readonly mapStyle: string | null;
  readonly version: string;
  readonly streets: readonly Box[]; // where some were added
}

export type Box = readonly [west: number, south: number, east: number, north: number];

/** What opens the door: a token, the code of a link, which does so once, or what a person has. */
export type Key =
  | { readonly token: string }
  | { readonly link: string }
  | { readonly email: string; readonly password: string; readonly code?: string };

export async function signIn(key: Key): Promise<void> {
  await call('POST', '/api/session', key);
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/api/session');
}

export async function fetchMe(): Promise<Me> {
  const me = await call('GET', '/api/me');
  return {
    kind: String(me['kind']),
    name: String(me['name'] ?? ''),
    person: numberOrNull(me['person']),
    owner: me['owner'] === true,
    groups: readRoles(me['groups']),
  };
}

export async function fetchConfig(): Promise<Config> {
  const config = await call('GET', '/api/config');
  const streets = Array.isArray(config['streets']) ? (config['streets'] as Box[]) : [];
  return { mapStyle: textOrNull(config['map_style']), version: String(config['version'] ?? ''), streets };
}
