/** Under the form of a geofence: what it would have told of the last hours or days. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { faultsOf, featureOf } from '../geofences/draft';
import type { Editor } from '../geofences/editor';
import { Trial } from '../geofences/trial';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { namesOf, Words } from './EventFeed';
import { Fault } from './Field';
import { count, time } from './format';
import { EventIcon } from './Icons';
import { sentence } from './wording';

const SPANS: readonly [number, string][] = [
  [1, 'hour'],
  [24, 'day'],
  [24 * 7, 'week'],
];

export function TrialView({ live, editor }: { live: Live; editor: Editor }) {
  const [trial] = useState(() => new Trial());
  const [hours, setHours] = useState(24);
  const draft = editor.draft.value!;
  const decides = JSON.stringify({ ...draft, name: '' });
  useEffect(() => () => trial.forget(), [decides]);
  const found = trial.progress.value?.events;
  useEffect(() => live.view.peek()?.showDots((found ?? []).map((event) => [event.lon, event.lat])), [found]);
  useEffect(() => () => live.view.peek()?.showDots([]), []);
  const sound = useMemo(() => faultsOf(draft) === null, [draft]);
  const run = () => void trial.run(featureOf(draft), hours, live.feed.now());
  return (
    <section class="trial" aria-label="Try on history">
      <h3>Try on history</h3>
      <div class="buttons">
        <select
          aria-label="How far back"
          value={String(hours)}
          onChange={(event) => setHours(Number(event.currentTarget.value))}
        >
          {SPANS.map(([value, name]) => (
            <option key={value} value={String(value)}>
              the last {name}
            </option>
          ))}
        </select>
        {trial.running.value ? (
          <button type="button" onClick={() => trial.stop()}>
            Stop
          </button>
        ) : (
          <button type="button" disabled={!sound} onClick={run}>
            Try
          </button>
        )}
      </div>
      <Fault text={trial.fault.value ?? undefined} />
      <Outcome live={live} trial={trial} name={draft.name.trim() || 'this geofence'} />
    </section>
  );
}

function Outcome({ live, trial, name }: { live: Live; trial: Trial; name: string }) {
  const progress = trial.progress.value;
  if (!progress)
    return trial.running.value ? (
      <progress aria-label="Reading the history" />
    ) : (
      <p class="hint">Which events it would have told of what is stored. Nobody is told, nothing is kept.</p>
    );
  const { counts, events, seconds, fixes, done } = progress;
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
  return (
    <>
      {seconds === null && trial.running.value && <progress value={done} max={1} aria-label="Reading the history" />}
      <p class="hint" role="status">
        {total === 0 ? 'No event' : [...counts].map(([type, many]) => `${count(many)} ${type}`).join(', ')} in{' '}
        {count(fixes)} fixes
        {seconds === null ? (trial.running.value ? ' so far' : ', stopped') : `, ${seconds.toFixed(1)} s`}
      </p>
      <ol>
        {events.map((event) => (
          <Found key={event.id} live={live} event={event} name={name} />
        ))}
      </ol>
      {total > events.length && <p class="hint">The first {count(events.length)} are shown.</p>}
    </>
  );
}

function Found({ live, event, name }: { live: Live; event: TrackerEvent; name: string }) {
  const words = <Words parts={sentence(event, { device: namesOf(live).device, geofence: () => name })} />;
  return (
    <li>
      <button
        type="button"
        class={`event ${event.type}`}
        onClick={() => live.view.peek()?.flyTo(event.lon, event.lat, [0, 0])}
      >
        <span class="kind">
          <EventIcon type={event.type} />
        </span>
        <span class="what">{words}</span>
        <time>{time(event.at, live.feed.now())}</time>
      </button>
    </li>
  );
}
