/** What happened, newest first; why, when one asks. */
import { useMemo, useState } from 'preact/hooks';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { events, geofenceNames, geofences, second } from '../state';
import { words } from '../words';
import { EvidenceView } from './EvidenceView';
import { ago, moment, time } from './format';
import { EventIcon } from './Icons';
import { Name } from './Name';
import { type Names, type Part, retracted, sentence } from './wording';

const SHOWN = 100;
const RECENT_MS = 60_000;

export function EventFeed({ live }: { live: Live }) {
  void second.value; // ages, and names that came late
  const [open, setOpen] = useState<number | null>(null);
  const wrong = useMemo(() => retracted(events.value), [events.value]);
  return (
    <section class="events" aria-label={words.value.events.title}>
      <h2>{words.value.events.title}</h2>
      {events.value.length === 0 ? (
        <NoEvents />
      ) : (
        <ol>
          {events.value.slice(0, SHOWN).map((event) => (
            <Entry
              key={event.id}
              live={live}
              event={event}
              wrong={wrong.has(event.id)}
              open={open === event.id}
              onToggle={() => setOpen(open === event.id ? null : event.id)}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

function NoEvents() {
  return (
    <p class="nothing">{geofences.value.length === 0 ? words.value.events.noGeofences : words.value.events.none}</p>
  );
}

interface EntryProps {
  readonly live: Live;
  readonly event: TrackerEvent;
  readonly wrong: boolean; // taken back by a later one
  readonly open: boolean;
  readonly onToggle: () => void;
}

function Entry({ live, event, wrong, open, onToggle }: EntryProps) {
  const now = live.feed.now();
  const said = <Words parts={sentence(event, namesOf(live))} />;
  return (
    <li>
      <button
        type="button"
        class={`event ${event.type}`}
        aria-expanded={open}
        aria-controls={open ? `why-${event.id}` : undefined}
        onClick={onToggle}
        title={words.value.events.entry(event.id, moment(event.at))}
      >
        <span class="kind">
          <EventIcon type={event.type} />
        </span>
        <span class="what">{wrong ? <s>{said}</s> : said}</span>
        <time dateTime={new Date(event.at).toISOString()}>
          {now - event.at < RECENT_MS ? ago(now - event.at) : time(event.at, now)}
        </time>
        {(event.late || wrong) && (
          <span class="late">{wrong ? words.value.events.wrong : words.value.events.late}</span>
        )}
      </button>
      {open && <EvidenceView live={live} event={event} id={`why-${event.id}`} />}
    </li>
  );
}

export function Words({ parts }: { parts: readonly Part[] }) {
  return (
    <>
      {parts.map((part) => (
        <>
          {typeof part === 'string' ? (
            part
          ) : (
            <b>
              <Name text={part.name} />
            </b>
          )}
        </>
      ))}
    </>
  );
}

export function namesOf(live: Live): Names {
  const { devices } = live.feed;
  return {
    device: (id) => devices.name[devices.row(id) ?? -1] ?? id,
    geofence: (id) => geofenceNames.value.get(id) ?? id,
  };
}
