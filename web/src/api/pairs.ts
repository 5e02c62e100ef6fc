/** Pairs: two devices of which it is told when they are near each other. */
import { call, type Json, list, textOrNull } from './call';

export interface Pair {
  readonly id: string;
  readonly devices: readonly string[];
  readonly distance: number; // m
}

export async function fetchPairs(): Promise<readonly Pair[]> {
  const found: Pair[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/pairs?after=${encodeURIComponent(after)}`);
    found.push(...list(page['pairs']).map(decodePair));
    after = textOrNull(page['next']);
  }
  return found;
}

export async function createPair(one: string, two: string, distance: number): Promise<void> {
  await call('POST', '/api/pairs', { devices: [one, two], distance });
}

export async function removePair(id: string): Promise<void> {
  await call('DELETE', `/api/pairs/${encodeURIComponent(id)}`);
}

function decodePair(pair: Json): Pair {
  const devices = pair['devices'];
  return {
    id: String(pair['id']),
    devices: Array.isArray(devices) ? devices.map(String) : [],
    distance: Number(pair['distance']),
  };
}
