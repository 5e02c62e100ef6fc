/** Why an event was told: when, how surely, and by which fixes. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchGeofenceAsOf, type Geofence } from '../api/geofences';
import { showReason } from '../dots';
import { drawingWords } from '../geofences/words';
import type { Live } from '../live';
import type { Crossing, Evidence, Seen } from '../live/evidence';
import type { TrackerEvent } from '../live/frames';
import { sayClock, sayNear, useTown } from '../places/say';
import { besideCard } from '../room';
import { geofences } from '../state';
import { words } from '../words';
import { age, distance, moment, speedFigure, speedUnit, time } from './format';
import { SeenBy } from './SeenBy';
import { toBorder } from './wording';

const DELAY_MS = 60_000; // from the event until it was found out; less need not be told

interface Props {
  readonly live: Live;
  readonly event: TrackerEvent;
  readonly onHeight: (px: number) => void;
}

export function EvidenceView({ live, event, onHeight }: Props) {
  const row = live.feed.devices.row(event.device);
  const box = useRef<HTMLDivElement>(null);
  const [seen, see] = useState(true); // on a phone another panel may hide it
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      const height = box.current?.offsetHeight ?? 0;
      onHeight(height);
      see(height > 0);
    });
    watch.observe(box.current!);
    onHeight(box.current!.offsetHeight);
    box.current!.scrollIntoView({ block: 'nearest' });
    return () => watch.disconnect();
  }, []);
  const border = useBorderThen(live, event, seen);
  const known = hasPlace(event);
  useDots(live, event, seen);
  return (
    <div class="evidence" ref={box}>
      <WhenAndWhere event={event} />
      {lines(event, live.feed.now()).map((line) => (
        <p key={line}>{line}</p>
      ))}
      {border !== null && <p>{border}</p>}
      {event.type === 'sos' && <SeenBy live={live} event={event} />}
      {event.evidence.fixes.length > 0 && <Fixes fixes={event.evidence.fixes} now={live.feed.now()} />}
      <p class="doing">
        {row !== undefined && (
          <button type="button" class="link" onClick={() => live.goTo(row)}>
            {words.value.evidence.showDevice}
          </button>
        )}
        {known && (
          <button type="button" class="link" onClick={() => showPlace(live, event)}>
            {words.value.evidence.showPlace}
          </button>
        )}
        <span class="hint">{words.value.evidence.event(event.id)}</span>
      </p>
    </div>
  );
}

const hasPlace = ({ lon, lat }: TrackerEvent) => Number.isFinite(lon) && Number.isFinite(lat);

/** The fixes that decided, and larger the place it is told of, on the map as long as one reads why. */
function useDots(live: Live, event: TrackerEvent, seen: boolean): void {
  const view = live.view.value; // the map may come later
  useEffect(() => {
    if (!seen) return undefined;
    const fixes = event.evidence.fixes.flatMap(({ lon, lat }) => (lon === null || lat === null ? [] : [[lon, lat]]));
    const places = hasPlace(event) ? [...fixes, [event.lon, event.lat]] : fixes;
    showReason(live, places, hasPlace(event) ? fixes.length : -1);
    return () => showReason(live, []);
  }, [view, event.id, seen]);
}

function WhenAndWhere({ event }: { event: TrackerEvent }) {
  const { at, detectedAt, late, lon, lat } = event;
  const town = useTown(lon, lat);
  const delay = detectedAt - at;
  const there = town && sayClock(town, at);
  return (
    <>
      <p>
        {moment(at)}
        {there && ` (${there})`}
        {(late || delay > DELAY_MS) && words.value.evidence.foundOut(age(delay))}
      </p>
      {town && <p class="near">{sayNear(town, lon, lat)}</p>}
    </>
  );
}

/** Draws the border that decided, where it is another by now, as long as one looks at the evidence; says so. */
function useBorderThen(live: Live, event: TrackerEvent, seen: boolean): string | null {
  const [border, setBorder] = useState<Geofence | null>(null);
  const { revision } = event.evidence;
  const now = geofences.value.find((fence) => fence.id === event.geofence);
  const then = now?.properties['revision'] === revision ? null : revision;
  useEffect(() => {
    if (event.geofence === null || then === null) return;
    let open = true;
    const show = (fence: Geofence) => open && setBorder(fence);
    fetchGeofenceAsOf(event.geofence, then).then(show, () => undefined); // an old server's revisions are not kept
    return () => {
      open = false;
      setBorder(null);
    };
  }, [event.id, then]);
  const view = live.view.value; // the map may come later
  useEffect(() => {
    if (!border || !seen) return undefined;
    view?.showFormer(border);
    return () => live.view.peek()?.showFormer(null);
  }, [border, seen, view]);
  return border && (now ? words.value.evidence.changed : words.value.evidence.gone);
}

function showPlace(live: Live, event: TrackerEvent): void {
  const { left, right } = besideCard();
  live.view.peek()?.flyTo(event.lon, event.lat, [(left - right) / 2, 0]);
}

function lines(event: TrackerEvent, now: number): string[] {
  const { evidence } = event;
  const found: string[] = [];
  if (evidence.event !== null) found.push(words.value.evidence.saidOtherwise(evidence.event));
  for (const [what, crossing] of crossings(evidence))
    found.push(`${what} ${time(crossing.at, now)}${within(crossing)}`);
  if (evidence.inferred) found.push(words.value.evidence.inferred);
  if (evidence.alreadyInside) found.push(words.value.evidence.alreadyInside);
  if (evidence.by === 'clock' && event.type !== 'absent') found.push(words.value.evidence.byClock);
  const apart = evidence.other === null ? words.value.evidence.fromThere : words.value.evidence.apart;
  if (evidence.distance !== null) found.push(apart(distance(evidence.distance)));
  if (evidence.silent !== null) found.push(words.value.evidence.nothingFor(age(1000 * evidence.silent)));
  found.push(decided(evidence));
  return found.filter(Boolean);
}

function crossings({ crossing, enter, exit }: Evidence): [string, Crossing][] {
  const all: [string, Crossing | null][] = [
    [words.value.evidence.crossedAt, crossing],
    [words.value.evidence.inAt, enter],
    [words.value.evidence.outAt, exit],
  ];
  return all.filter((pair): pair is [string, Crossing] => pair[1] !== null);
}

function within({ plusMinus }: Crossing): string {
  return plusMinus > 0 ? ` ± ${age(1000 * plusMinus)}` : '';
}

function decided({ preset, revision, confirmedAfter }: Evidence): string {
  const parts = [
    preset && words.value.evidence.preset(drawingWords.value.drawing.presetNames[preset] ?? preset),
    revision !== null && words.value.evidence.revision(revision),
    confirmedAfter && words.value.evidence.sureAfter(age(1000 * confirmedAfter)),
  ];
  const said = parts.filter(Boolean).join(', ');
  return said && said[0]!.toUpperCase() + said.slice(1);
}

function Fixes({ fixes, now }: { fixes: readonly Seen[]; now: number }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{words.value.evidence.fix}</th>
          <th scope="col">{words.value.evidence.border}</th>
          <th scope="col">{words.value.evidence.accuracy}</th>
          <th scope="col">{speedUnit()}</th>
        </tr>
      </thead>
      <tbody>
        {fixes.map((fix) => (
          <tr key={fix.at}>
            <td>{time(fix.at, now)}</td>
            <td>{fix.distance === null ? '' : toBorder(fix.distance)}</td>
            <td>{fix.accuracy === null ? '' : `± ${distance(fix.accuracy)}`}</td>
            <td>{fix.speed === null ? '' : speedFigure(fix.speed)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
