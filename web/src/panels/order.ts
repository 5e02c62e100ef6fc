/** How events stand in the feed: by their time, at their heights, and which wait because somebody reads. */
import type { TrackerEvent } from '../live/frames';
import type { FeedFilter } from '../state';

export const ROW_PX = 34;
export const TALL_PX = 50; // with a line that says it was late or wrong

/** The newest first by when it happened, not by when it was told; each once, and only those that are asked for. */
export function inOrder(events: readonly TrackerEvent[], wanted: FeedFilter): readonly TrackerEvent[] {
  const found = new Map(events.filter((event) => isWanted(event, wanted)).map((event) => [event.id, event]));
  return [...found.values()].sort((a, b) => b.at - a.at || b.id - a.id);
}

/** As the server filters: an event of two devices is one of either. */
export function isWanted(event: TrackerEvent, { kind, device, geofence }: FeedFilter): boolean {
  const isOf = !device || event.device === device || event.evidence.other === device;
  return isOf && (!kind || event.type === kind) && (!geofence || event.geofence === geofence);
}

export function isNarrow({ kind, device, geofence }: FeedFilter): boolean {
  return Boolean(kind || device || geofence);
}

/** While somebody reads (`seen`: the newest number they have in sight), what comes waits. */
export function held(
  events: readonly TrackerEvent[],
  seen: number | null,
): { readonly shown: readonly TrackerEvent[]; readonly waiting: number } {
  const shown = seen === null ? events : events.filter((event) => event.id <= seen);
  return { shown, waiting: events.length - shown.length };
}

/** Where each begins, in px, and last where all end; `evidence`: the height of what is laid out under the open one. */
export function arrange(
  events: readonly TrackerEvent[],
  isTall: (event: TrackerEvent) => boolean,
  open: number | null,
  evidence: number,
): readonly number[] {
  const tops = [0];
  for (const event of events)
    tops.push(tops.at(-1)! + (isTall(event) ? TALL_PX : ROW_PX) + (event.id === open ? evidence : 0));
  return tops;
}
