/** Calls for help that nobody has seen yet, over the map until somebody says so. */
import { useEffect } from 'preact/hooks';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { events, second, seen, selected } from '../state';
import { words } from '../words';
import { namesOf, Words } from './EventFeed';
import { ago, moment } from './format';
import { EventIcon } from './Icons';
import { sentence } from './wording';

const OPEN_MS = 24 * 3_600_000; // older ones are history
const SHOWN = 3;

export function Alarms({ live }: { live: Live }) {
  void second.value;
  const now = live.feed.now();
  const calls = events.value.filter((event) => event.type === 'sos' && now - event.at < OPEN_MS);
  const asked = calls.map((event) => event.id).join();
  useEffect(() => {
    for (const { id } of calls) void live.learnSeen(id);
  }, [asked]);
  const open = calls.filter((event) => seen.value.get(event.id)?.by === null);
  if (open.length === 0) return null;
  const chosen = selected.value === null ? null : live.feed.devices.id[selected.value];
  return (
    <ul class="alarms" role="alert">
      {open.slice(0, SHOWN).map((event) => (
        <li key={event.id} class="card" data-on-card={chosen === event.device}>
          <EventIcon type="sos" />
          <span>
            <Words parts={sentence(event, namesOf(live))} />
            <small title={moment(event.at)}>
              {ago(now - event.at)}
              {hasPlace(event) ? '' : ` · ${words.value.sos.noPlace}`}
            </small>
          </span>
          <button type="button" class="secondary" onClick={() => live.goToDevice(event.device)}>
            {words.value.sos.show}
          </button>
          <button type="button" class="primary" onClick={() => void live.markSeen(event.id)}>
            {words.value.sos.seen}
          </button>
        </li>
      ))}
    </ul>
  );
}

function hasPlace(event: TrackerEvent): boolean {
  return Number.isFinite(event.lon) && Number.isFinite(event.lat);
}
