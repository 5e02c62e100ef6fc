/** The numbered log. */
import { decodeEvent } from '../live/decode';
import type { TrackerEvent } from '../live/frames';
import type { FeedFilter } from '../state';
import { call, list } from './call';

export async function fetchEvents(after: number, limit: number): Promise<TrackerEvent[]> {
  const { events } = await call('GET', `/api/events?after=${after}&limit=${limit}`);
  return list(events).map(decodeEvent);
}

const NEWEST = 2 ** 53 - 1;

/** The last of those that are asked for, the oldest first; with numbers below `before`, where that is said. */
export async function fetchPast(before: number | null, limit: number, wanted: FeedFilter): Promise<TrackerEvent[]> {
  const query = new URLSearchParams({ before: String(before ?? NEWEST), limit: String(limit) });
  if (wanted.device) query.set('device', wanted.device);
  if (wanted.geofence) query.set('geofence', wanted.geofence);
  if (wanted.kind) query.set('type', wanted.kind);
  const { events } = await call('GET', `/api/events?${query}`);
  return list(events).map(decodeEvent);
}
