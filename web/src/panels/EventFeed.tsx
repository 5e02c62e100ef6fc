/** What happened, in the order of time, newest first; why, when one asks. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { sayNear, useTown } from '../places/say';
import { catalogue, chosenEvent, events, feedFilter, geofenceNames, geofences, log, second } from '../state';
import { words } from '../words';
import { FeedFilterButton, FeedKinds } from './FeedFilterButton';
import { ago, count as counted, moment, time } from './format';
import { EventIcon } from './Icons';
import { later } from './later';
import { Name } from './Name';
import { arrange, held, inOrder, isNarrow } from './order';
import { MOST, type Past, usePast } from './past';
import { type Names, type Part, retracted, sentence } from './wording';

const EvidenceView = later(() => import('./EvidenceView').then((it) => it.EvidenceView));
const FeedFilters = later(() => import('./FeedFilters').then((it) => it.FeedFilters));

const SHOWN = 100;
const RECENT_MS = 60_000;

export function EventFeed({ live }: { live: Live }) {
  void second.value; // ages, and names that came late
  const open = chosenEvent.value;
  const setOpen = (id: number | null) => (chosenEvent.value = id);
  const wanted = feedFilter.value;
  const [filtersOpen, setFiltersOpen] = useState(false);
  const past = usePast(live.feed.events, wanted);
  const [reading, setReading] = useState(false);
  const [seen, setSeen] = useState<number | null>(null); // the newest of those shown, while one reads
  const list = useRef<HTMLOListElement>(null);
  const all = useMemo(() => [...events.value, ...past.events], [events.value, past.events]);
  const wrong = useMemo(() => retracted(all), [all]);
  const isHeld = reading || open !== null;
  useEffect(() => setSeen(isHeld ? newest(events.peek()) : null), [isHeld]);
  // One that a link opens is held to be seen, though it comes when nothing was shown yet.
  const { shown, waiting } = held(inOrder(all, wanted), seen === null ? null : Math.max(seen, open ?? 0));
  const reveal = () => {
    setOpen(null);
    setReading(false);
    setSeen(null);
    if (list.current) list.current.scrollTop = 0;
  };
  return (
    <section class="events" aria-label={words.value.events.title}>
      <header>
        <h2>{words.value.events.title}</h2>
        {waiting > 0 && (
          <button type="button" class="waiting" onClick={reveal}>
            {words.value.events.waiting(counted(waiting))}
          </button>
        )}
        {(events.value.length > 0 || isNarrow(wanted)) && (
          <>
            <FeedKinds />
            <FeedFilterButton open={filtersOpen} onToggle={() => setFiltersOpen(!filtersOpen)} />
          </>
        )}
      </header>
      {(filtersOpen || isNarrow(wanted)) && <FeedFilters live={live} open={filtersOpen} />}
      {shown.length === 0 ? (
        <NoEvents live={live} narrow={isNarrow(wanted)} past={past} />
      ) : (
        <Rows
          live={live}
          shown={shown.slice(0, SHOWN + past.events.length)}
          past={past}
          wrong={wrong}
          open={open}
          setOpen={setOpen}
          list={list}
          setReading={setReading}
        />
      )}
    </section>
  );
}

function newest(all: readonly TrackerEvent[]): number {
  return all.reduce((most, event) => Math.max(most, event.id), 0);
}

interface RowsProps {
  readonly live: Live;
  readonly shown: readonly TrackerEvent[];
  readonly wrong: ReadonlySet<number>;
  readonly open: number | null;
  readonly setOpen: (id: number | null) => void;
  readonly list: { current: HTMLOListElement | null };
  readonly setReading: (reading: boolean) => void;
  readonly past: Past;
}

/** Each is put at its height by a transform: what comes in above moves them without a new layout of all. */
function Rows({ live, shown, wrong, open, setOpen, list, setReading, past }: RowsProps) {
  const [evidence, setEvidence] = useState(0); // px of the open one's
  const [hovered, setHovered] = useState(false);
  const tops = arrange(shown, (event) => isTall(event, wrong), open, evidence);
  const look = (hovers: boolean) => setReading(hovers || (list.current?.scrollTop ?? 0) > 0);
  const hover = (hovers: boolean) => {
    setHovered(hovers);
    look(hovers);
  };
  return (
    <ol
      ref={list}
      onScroll={() => look(hovered)}
      onPointerEnter={(event) => event.pointerType === 'mouse' && hover(true)}
      onPointerLeave={() => hover(false)}
    >
      {shown.map((event, i) => (
        <li key={event.id} style={{ transform: `translateY(${tops[i]}px)` }}>
          <Entry
            live={live}
            event={event}
            wrong={wrong.has(event.id)}
            open={open === event.id}
            onToggle={() => setOpen(open === event.id ? null : event.id)}
            onHeight={setEvidence}
          />
        </li>
      ))}
      <li class="rest" style={{ transform: `translateY(${tops.at(-1)}px)` }}>
        <Older past={past} />
      </li>
    </ol>
  );
}

function isTall(event: TrackerEvent, wrong: ReadonlySet<number>): boolean {
  return event.late || wrong.has(event.id);
}

/** Looks further back, as far as it makes sense on a screen. */
function Older({ past }: { past: Past }) {
  const said = words.value.events;
  if (past.reading === 'ended') return <p class="hint">{said.noOlder}</p>;
  if (past.events.length >= MOST) return <p class="hint">{said.enough}</p>;
  return (
    <button type="button" class="link" disabled={past.reading === 'yes'} onClick={past.readOlder}>
      {past.reading === 'yes' ? said.reading : past.reading === 'failed' ? said.again : said.older}
    </button>
  );
}

interface NoEventsProps {
  readonly live: Live;
  readonly narrow: boolean;
  readonly past: Past;
}

function NoEvents({ live, narrow, past }: NoEventsProps) {
  const said = words.value.events;
  const [isReading, isUnread, readAgain] = narrow
    ? [past.reading === 'yes', past.reading === 'failed', past.readOlder]
    : [log.value === 'loading', log.value === 'failed', () => live.readLogAgain()];
  if (isReading) return <p class="nothing">{said.reading}</p>;
  if (isUnread)
    return (
      <p class="nothing" role={narrow ? 'alert' : undefined}>
        {said.unread}{' '}
        <button type="button" class="link" onClick={readAgain}>
          {said.again}
        </button>
      </p>
    );
  if (narrow) return <p class="nothing">{said.noMatch}</p>;
  const isBare = catalogue.value === 'loaded' && geofences.value.length === 0;
  return <p class="nothing">{isBare ? said.noGeofences : said.none}</p>;
}

interface EntryProps {
  readonly live: Live;
  readonly event: TrackerEvent;
  readonly wrong: boolean; // taken back by a later one
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly onHeight: (px: number) => void; // of the evidence
}

function Entry({ live, event, wrong, open, onToggle, onHeight }: EntryProps) {
  const now = live.feed.now();
  const said = <Words parts={sentence(event, namesOf(live))} />;
  return (
    <>
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
        <span class="what">
          {wrong ? <s>{said}</s> : said}
          {event.geofence === null && <Near event={event} />}
        </span>
        <time dateTime={new Date(event.at).toISOString()}>
          {now - event.at < RECENT_MS ? ago(now - event.at) : time(event.at, now)}
        </time>
        {(event.late || wrong) && (
          <span class="late">{wrong ? words.value.events.wrong : words.value.events.late}</span>
        )}
      </button>
      {open && (
        // There from the first moment, as the button says, also while what fills it is still fetched.
        <div id={`why-${event.id}`}>
          <EvidenceView live={live} event={event} onHeight={onHeight} />
        </div>
      )}
    </>
  );
}

/** For what has no geofence to say where it was. */
function Near({ event: { lon, lat } }: { event: TrackerEvent }) {
  const town = useTown(lon, lat);
  return town && <>, {sayNear(town, lon, lat)}</>;
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
