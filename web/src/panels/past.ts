/** What of the log the stream has not brought: the newest events that a filter asks for, and older ones. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { fetchPast } from '../api/events';
import type { EventLog } from '../live/events';
import type { TrackerEvent } from '../live/frames';
import { events, type FeedFilter } from '../state';
import { isNarrow } from './order';

const PAGE = 100; // events
export const MOST = 500; // of the past; further back there is the API

export type Reading = 'no' | 'yes' | 'failed' | 'ended'; // ended: there is nothing older

export interface Past {
  readonly events: readonly TrackerEvent[];
  readonly reading: Reading;
  readonly readOlder: () => void;
}

export function usePast(log: EventLog, wanted: FeedFilter): Past {
  const past = useSignal<readonly TrackerEvent[]>([]);
  const reading = useSignal<Reading>('no');
  const covered = useRef(0); // up to which number what was read and what comes by the stream leave no gap
  const asked = useRef(0);

  const read = async (before: number | null, kept: readonly TrackerEvent[]) => {
    const mine = ++asked.current;
    reading.value = 'yes';
    const last = log.last ?? 0;
    try {
      const found = await fetchPast(before, PAGE, wanted);
      if (mine !== asked.current) return;
      if (before === null || kept.length === 0) covered.current = last;
      past.value = [...kept, ...found];
      reading.value = found.length < PAGE ? 'ended' : 'no';
    } catch {
      if (mine === asked.current) reading.value = 'failed'; // the stream goes on
    }
  };
  const begin = () => {
    asked.current++;
    past.value = [];
    reading.value = 'no';
    if (isNarrow(wanted)) void read(null, []);
  };
  useEffect(begin, [wanted.kind, wanted.device, wanted.geofence]);
  // Where more came at once than the stream's own log holds, what it forgot is read anew, or looked back to anew.
  useEffect(() => {
    const isBroken = log.lostUpTo > covered.current && reading.peek() !== 'yes';
    if (isBroken && (past.peek().length > 0 || isNarrow(wanted))) begin();
  }, [events.value]);

  const readOlder = () => {
    const all = [...past.value.map((event) => event.id), log.lostUpTo + 1];
    const oldest = past.value.length === 0 && isNarrow(wanted) ? null : Math.min(...all);
    if (oldest === 1) reading.value = 'ended';
    else void read(oldest, past.value);
  };
  return { events: past.value, reading: reading.value, readOlder };
}
