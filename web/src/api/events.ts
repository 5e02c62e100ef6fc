/** The numbered log. */
import { decodeEvent } from '../live/decode';
import type { TrackerEvent } from '../live/frames';
import { call, list } from './call';

export async function fetchEvents(after: number, limit: number): Promise<TrackerEvent[]> {
  const { events } = await call('GET', `/api/events?after=${after}&limit=${limit}`);
  return list(events).map(decodeEvent);
}
