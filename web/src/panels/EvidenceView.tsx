/** Why an event was told: when, how surely, and by which fixes. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchGeofenceAsOf, type Geofence } from '../api/geofences';
import type { Live } from '../live';
import type { Crossing, Evidence, Seen } from '../live/evidence';
import type { TrackerEvent } from '../live/frames';
import { geofences } from '../state';
import { age, distance, kmh, moment, time } from './format';
import { besideCard } from './MapPane';
import { toBorder } from './wording';

const DELAY_MS = 60_000; // from the event until it was found out; less need not be told

export function EvidenceView({ live, event, id }: { live: Live; event: TrackerEvent; id: string }) {
  const row = live.feed.devices.row(event.device);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), []);
  const border = useBorderThen(live, event);
  const known = Number.isFinite(event.lon) && Number.isFinite(event.lat);
  return (
    <div class="evidence" id={id} ref={box}>
      {lines(event, live.feed.now()).map((line) => (
        <p key={line}>{line}</p>
      ))}
      {border !== null && <p>{border}</p>}
      {event.evidence.fixes.length > 0 && <Fixes fixes={event.evidence.fixes} now={live.feed.now()} />}
      <p class="doing">
        {row !== undefined && (
          <button type="button" class="link" onClick={() => live.goTo(row)}>
            Show the device
          </button>
        )}
        {known && (
          <button type="button" class="link" onClick={() => showPlace(live, event)}>
            Show the place
          </button>
        )}
        <span class="hint">event {event.id}</span>
      </p>
    </div>
  );
}

/** Draws the border that decided, where it is another by now, as long as one looks at the evidence; says so. */
function useBorderThen(live: Live, event: TrackerEvent): string | null {
  const [said, say] = useState<string | null>(null);
  const { revision } = event.evidence;
  const now = geofences.value.find((fence) => fence.id === event.geofence);
  const then = now?.properties['revision'] === revision ? null : revision;
  useEffect(() => {
    if (event.geofence === null || then === null) return;
    let open = true;
    const show = (fence: Geofence) => {
      if (!open) return;
      live.view.peek()?.showFormer(fence);
      say(
        now
          ? 'The geofence has changed since: the dashed border on the map is the one that decided.'
          : 'The geofence is gone: the dashed border on the map is the one that decided.',
      );
    };
    fetchGeofenceAsOf(event.geofence, then).then(show, () => undefined); // an old server's revisions are not kept
    return () => {
      open = false;
      live.view.peek()?.showFormer(null);
      say(null);
    };
  }, [event.id, then]);
  return said;
}

function showPlace(live: Live, event: TrackerEvent): void {
  const { left, right } = besideCard();
  live.view.peek()?.flyTo(event.lon, event.lat, [(left - right) / 2, 0]);
}

function lines(event: TrackerEvent, now: number): string[] {
  const { evidence, at, detectedAt, late } = event;
  const delay = detectedAt - at;
  const found = [`${moment(at)}${late || delay > DELAY_MS ? `, found out ${age(delay)} later` : ''}`];
  if (evidence.event !== null)
    found.push(`Event ${evidence.event} said otherwise; fixes that came after it show that it was wrong.`);
  for (const [what, crossing] of crossings(evidence))
    found.push(`${what} ${time(crossing.at, now)}${within(crossing)}`);
  if (evidence.inferred) found.push('No fix lay inside: it is drawn from the way between two.');
  if (evidence.by === 'clock') found.push('Told by the clock: no fix had come.');
  if (evidence.distance !== null) found.push(`${distance(evidence.distance)} from each other`);
  if (evidence.silent !== null) found.push(`Nothing heard for ${age(1000 * evidence.silent)}`);
  found.push(decided(evidence));
  return found.filter(Boolean);
}

function crossings({ crossing, enter, exit }: Evidence): [string, Crossing][] {
  const all: [string, Crossing | null][] = [
    ['Border crossed at', crossing],
    ['In at', enter],
    ['Out at', exit],
  ];
  return all.filter((pair): pair is [string, Crossing] => pair[1] !== null);
}

function within({ plusMinus }: Crossing): string {
  return plusMinus > 0 ? ` ± ${age(1000 * plusMinus)}` : '';
}

function decided({ preset, revision, confirmedAfter }: Evidence): string {
  const parts = [
    preset && `preset ${preset}`,
    revision !== null && `revision ${revision} of the geofence`,
    confirmedAfter && `sure after ${age(1000 * confirmedAfter)}`,
  ];
  const said = parts.filter(Boolean).join(', ');
  return said && said[0]!.toUpperCase() + said.slice(1);
}

function Fixes({ fixes, now }: { fixes: readonly Seen[]; now: number }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Fix</th>
          <th scope="col">Border</th>
          <th scope="col">Accuracy</th>
          <th scope="col">km/h</th>
        </tr>
      </thead>
      <tbody>
        {fixes.map((fix) => (
          <tr key={fix.at}>
            <td>{time(fix.at, now)}</td>
            <td>{fix.distance === null ? '' : toBorder(fix.distance)}</td>
            <td>{fix.accuracy === null ? '' : `± ${distance(fix.accuracy)}`}</td>
            <td>{fix.speed === null ? '' : kmh(fix.speed)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
