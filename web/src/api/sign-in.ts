/** Signing in and out, who one is, and what the server wants the page to know. */
import { call, textOrNull } from './call';

export interface Me {
  readonly kind: string;
  readonly name: string;
}

export interface Config {
  readonly mapStyle: string | null;
  readonly version: string;
}

/** What opens the door: a token, or the code of a link, which does so once. */
export type Key = { readonly token: string } | { readonly link: string };

export async function signIn(key: Key): Promise<void> {
  await call('POST', '/api/session', key);
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
  return { mapStyle: textOrNull(config['map_style']), version: String(config['version'] ?? '') };
}
