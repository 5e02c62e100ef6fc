/** What happened, in the order of time, newest first; why, when one asks. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { sayNear, useTown } from '../places/say';
import { chosenEvent, events, geofenceNames, geofences, second } from '../state';
import { words } from '../words';
import { EvidenceView } from './EvidenceView';
import { ago, count as counted, moment, time } from './format';
import { EventIcon } from './Icons';
import { Name } from './Name';
import { arrange, held, inOrder } from './order';
import { type Names, type Part, retracted, sentence } from './wording';

const SHOWN = 100;
const RECENT_MS = 60_000;

export function EventFeed({ live }: { live: Live }) {
  void second.value; // ages, and names that came late
  const open = chosenEvent.value;
  const setOpen = (id: number | null) => (chosenEvent.value = id);
  const [kind, setKind] = useState('');
  const [reading, setReading] = useState(false);
  const [seen, setSeen] = useState<number | null>(null); // the newest of those shown, while one reads
  const list = useRef<HTMLOListElement>(null);
  const wrong = useMemo(() => retracted(events.value), [events.value]);
  const isHeld = reading || open !== null;
  useEffect(() => setSeen(isHeld ? newest(events.peek()) : null), [isHeld]);
  const { shown, waiting } = held(inOrder(events.value, kind), seen);
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
        {events.value.length > 0 && <Kinds kind={kind} onChange={setKind} />}
      </header>
      {events.value.length === 0 ? (
        <NoEvents />
      ) : shown.length === 0 ? (
        <p class="nothing">{words.value.events.noMatch}</p>
      ) : (
        <Rows
          live={live}
          shown={shown.slice(0, SHOWN)}
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

function Kinds({ kind, onChange }: { kind: string; onChange: (kind: string) => void }) {
  const { all, filter, kinds } = words.value.events;
  return (
    <select aria-label={filter} value={kind} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">{all}</option>
      {Object.entries(kinds).map(([type, text]) => (
        <option key={type} value={type}>
          {text}
        </option>
      ))}
    </select>
  );
}

interface RowsProps {
  readonly live: Live;
  readonly shown: readonly TrackerEvent[];
  readonly wrong: ReadonlySet<number>;
  readonly open: number | null;
  readonly setOpen: (id: number | null) => void;
  readonly list: { current: HTMLOListElement | null };
  readonly setReading: (reading: boolean) => void;
}

/** Each is put at its height by a transform: what comes in above moves them without a new layout of all. */
function Rows({ live, shown, wrong, open, setOpen, list, setReading }: RowsProps) {
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
      <li class="rest" aria-hidden="true" style={{ transform: `translateY(${tops.at(-1)}px)` }} />
    </ol>
  );
}

function isTall(event: TrackerEvent, wrong: ReadonlySet<number>): boolean {
  return event.late || wrong.has(event.id);
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
      {open && <EvidenceView live={live} event={event} id={`why-${event.id}`} onHeight={onHeight} />}
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
