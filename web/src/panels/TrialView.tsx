/** Under the form of a geofence: what it would have told of the last hours or days. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { faultsOf, featureOf } from '../geofences/draft';
import type { Editor } from '../geofences/editor';
import { Trial } from '../geofences/trial';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { words } from '../words';
import { namesOf, Words } from './EventFeed';
import { Fault } from './Field';
import { age, count, time } from './format';
import { EventIcon } from './Icons';
import { sentence } from './wording';

const SPANS = [
  [1, 'hour'],
  [24, 'day'],
  [24 * 7, 'week'],
] as const;

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
    <section class="trial" aria-label={words.value.trial.title}>
      <h3>{words.value.trial.title}</h3>
      <div class="buttons">
        <select
          aria-label={words.value.trial.howFar}
          value={String(hours)}
          onChange={(event) => setHours(Number(event.currentTarget.value))}
        >
          {SPANS.map(([value, name]) => (
            <option key={value} value={String(value)}>
              {words.value.trial.spans[name]}
            </option>
          ))}
        </select>
        {trial.running.value ? (
          <button type="button" onClick={() => trial.stop()}>
            {words.value.trial.stop}
          </button>
        ) : (
          <button type="button" disabled={!sound} onClick={run}>
            {words.value.trial.try}
          </button>
        )}
      </div>
      <Fault text={trial.fault.value ?? undefined} />
      <Outcome live={live} trial={trial} name={draft.name.trim() || words.value.trial.thisGeofence} />
    </section>
  );
}

function Outcome({ live, trial, name }: { live: Live; trial: Trial; name: string }) {
  const progress = trial.progress.value;
  if (!progress)
    return trial.running.value ? (
      <progress aria-label={words.value.trial.reading} />
    ) : (
      <p class="hint">{words.value.trial.hint}</p>
    );
  const { counts, events, seconds, fixes, done } = progress;
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
  const listed = [...counts]
    .map(([type, many]) => `${count(many)} ${words.value.events.kinds[type] ?? type}`)
    .join(', ');
  return (
    <>
      {seconds === null && trial.running.value && (
        <progress value={done} max={1} aria-label={words.value.trial.reading} />
      )}
      <p class="hint" role="status">
        {words.value.trial.found(total === 0 ? words.value.trial.noEvent : listed, count(fixes))}
        {seconds === null
          ? trial.running.value
            ? words.value.trial.soFar
            : words.value.trial.stopped
          : `, ${age(1000 * seconds)}`}
      </p>
      <ol>
        {events.map((event) => (
          <Found key={event.id} live={live} event={event} name={name} />
        ))}
      </ol>
      {total > events.length && <p class="hint">{words.value.trial.first(count(events.length))}</p>}
    </>
  );
}

function Found({ live, event, name }: { live: Live; event: TrackerEvent; name: string }) {
  const said = <Words parts={sentence(event, { device: namesOf(live).device, geofence: () => name })} />;
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
        <span class="what">{said}</span>
        <time>{time(event.at, live.feed.now())}</time>
      </button>
    </li>
  );
}
