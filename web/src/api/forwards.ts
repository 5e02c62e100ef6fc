/** Where a device's fixes go on to, and how that goes. */
import { call, send } from './call';

export type ForwardKind = 'owntracks' | 'tracker';

export interface Forward {
  readonly kind: ForwardKind;
  readonly url: string;
  readonly state: 'waiting' | 'sending' | 'failing';
  readonly behind: number;
  readonly sent: number;
  readonly error: string | null;
}

export interface NewForward {
  readonly kind: ForwardKind;
  readonly url: string;
  readonly name: string | null; // null: as here
  readonly secret: string | null;
}

function at(id: string): string {
  return `/api/devices/${encodeURIComponent(id)}/forward`;
}

/** Null: it goes nowhere. */
export async function fetchForward(id: string): Promise<Forward | null> {
  const answer = await send('GET', at(id));
  return answer.status === 204 ? null : ((await answer.json()) as Forward);
}

export async function putForward(id: string, wish: NewForward): Promise<void> {
  await call('PUT', at(id), wish);
}

export async function endForward(id: string): Promise<void> {
  await call('DELETE', at(id));
}
