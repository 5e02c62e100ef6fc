/** The words of the device stream, as a phone says and hears them. Unknown ones are passed over. */
import type { Fix } from './keep';

export type FromServer =
  | { readonly type: 'welcome'; acked: number; window: number; max_fixes: number }
  | { readonly type: 'ack'; seq: number }
  | { readonly type: 'error'; code: string; seq?: number; id?: string }
  | { readonly type: 'command'; id: string; name: string; args: { seconds?: unknown; text?: unknown } }
  | { readonly type: 'message_ack'; id: string }
  | { readonly type: 'seen'; id: string; by: string }
  | { readonly type: 'going_away'; after_ms: number };

export interface Status {
  readonly page: 'visible' | 'hidden';
  readonly battery: number | null;
  readonly paused: boolean;
  readonly until: string | null;
  readonly location: PermissionState | null; // what the person said to being asked for the position; null: who knows
}

export function read(text: string): FromServer | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null && 'type' in found ? (found as FromServer) : null;
  } catch {
    return null;
  }
}

export function fixesFrame(seq: number, fixes: readonly Fix[], backlog: boolean): string {
  return JSON.stringify({ type: 'fixes', seq, fixes, ...(backlog ? { lane: 'backlog' } : {}) });
}

/** What the browser says of a place, as a fix; what it does not know is left out. */
export function fixOf(position: GeolocationPosition, battery: number | null): Fix {
  const { latitude, longitude, accuracy, altitude, speed, heading } = position.coords;
  const known = Object.entries({ accuracy, altitude, speed, heading, battery }).filter(
    ([, value]) => typeof value === 'number' && Number.isFinite(value),
  );
  return {
    at: new Date(Math.round(position.timestamp)).toISOString(),
    lon: longitude,
    lat: latitude,
    ...Object.fromEntries(known),
  };
}
