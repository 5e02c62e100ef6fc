/** Who entered and left what, newest first. */
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { events, geofenceNames, geofences, second } from '../state';
import { ago, moment, time } from './format';
import { EnterIcon, ExitIcon, FenceIcon } from './Icons';

const SHOWN = 100;
const VERB: Record<string, string> = { enter: 'entered', exit: 'left' };
const RECENT_MS = 60_000;

export function EventFeed({ live }: { live: Live }) {
  void second.value; // ages, and names that came late
  const now = live.feed.now();
  return (
    <section class="events" aria-label="Events">
      <h2>Events</h2>
      {events.value.length === 0 ? <NoEvents /> : (
        <ol>
          {events.value.slice(0, SHOWN).map((event) => <Entry key={event.id} live={live} event={event} now={now} />)}
        </ol>
      )}
    </section>
  );
}

function NoEvents() {
  return (
    <p class="nothing">
      {geofences.value.length === 0
        ? 'There are no geofences yet. Once there are, entering and leaving them shows here.'
        : 'Nobody has entered or left a geofence yet.'}
    </p>
  );
}

function Entry({ live, event, now }: { live: Live; event: TrackerEvent; now: number }) {
  const { devices } = live.feed;
  const row = devices.row(event.device);
  const name = row === undefined ? event.device : devices.name[row];
  const place = event.geofence === null ? null : (geofenceNames.value.get(event.geofence) ?? event.geofence);
  const go = () => row !== undefined && live.goTo(row);
  return (
    <li>
      <button type="button" class={`event ${event.type}`} onClick={go} title={`Event ${event.id}, ${moment(event.at)}`}>
        <span class="kind">{event.type === 'enter' ? <EnterIcon /> : event.type === 'exit' ? <ExitIcon /> : <FenceIcon />}</span>
        <span class="what"><b>{name}</b> {VERB[event.type] ?? event.type} {place !== null && <b>{place}</b>}</span>
        <time dateTime={new Date(event.at).toISOString()}>{now - event.at < RECENT_MS ? ago(now - event.at) : time(event.at, now)}</time>
        {event.late && <span class="late">late</span>}
      </button>
    </li>
  );
}
