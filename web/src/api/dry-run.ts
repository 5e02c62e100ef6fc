/** A geofence tried on the stored history: lines of JSON, as they are found. */

import { decodeEvent } from '../live/decode';
import type { TrackerEvent } from '../live/frames';
import { sayIn } from '../refusals/say';
import { ApiError, type Json, send } from './call';
import type { GeofenceFeature } from './geofences';

export type DryRunLine =
  | { readonly kind: 'progress'; readonly done: number; readonly fixes: number } // done: 0 to 1
  | { readonly kind: 'event'; readonly event: TrackerEvent }
  | { readonly kind: 'done'; readonly fixes: number; readonly events: number; readonly seconds: number };

/** Ends with a `done`; throws an ApiError where it is refused or breaks off. Times in ms. */
export async function* dryRun(
  feature: GeofenceFeature,
  from: number,
  to: number,
  signal: AbortSignal,
): AsyncGenerator<DryRunLine> {
  const body = JSON.stringify({
    feature,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    devices: null,
  });
  const response = await send('POST', '/api/geofences/dry-run', body, signal);
  let number = 0;
  for await (const line of lines(response.body!)) {
    const decoded = decodeLine(JSON.parse(line) as Json, ++number);
    if (decoded) yield decoded;
    if (decoded?.kind === 'done') return;
  }
  throw new ApiError(502, 'The connection ended before the history did.');
}

/** Null for what a newer server says besides. `number` stands in for the event's own, which it does not have. */
export function decodeLine(line: Json, number: number): DryRunLine | null {
  switch (line['type']) {
    case 'progress':
      return { kind: 'progress', done: Number(line['done']), fixes: Number(line['fixes']) };
    case 'event':
      return { kind: 'event', event: decodeEvent({ ...(line['event'] as Json), id: number }) };
    case 'done':
      return {
        kind: 'done',
        fixes: Number(line['fixes']),
        events: Number(line['events']),
        seconds: Number(line['seconds']),
      };
    case 'error':
      throw new ApiError(Number(line['status']), sayIn(String(line['detail'] ?? line['title'])));
    default:
      return null;
  }
}

/** Chunks end anywhere, also within a letter. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const parts = (rest + decoder.decode(value, { stream: !done })).split('\n');
      rest = parts.pop()!;
      yield* parts.filter(Boolean);
      if (done) break;
    }
    if (rest) yield rest;
  } finally {
    await reader.cancel();
  }
}
