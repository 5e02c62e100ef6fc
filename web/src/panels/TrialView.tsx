/** Under the form of a geofence: what it would have told of the last hours or days. */
import { Fragment } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { showDots } from '../dots';
import { faultsOf, featureOf } from '../geofences/draft';
import type { Editor } from '../geofences/editor';
import { runsOf, Trial } from '../geofences/trial';
import { drawingWords } from '../geofences/words';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { words } from '../words';
import { namesOf, Words } from './EventFeed';
import { Fault } from './Field';
import { age, count, time } from './format';
import { EventIcon } from './Icons';
import { Name } from './Name';
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
  const [chosen, choose] = useState<number | null>(null);
  useEffect(() => choose(null), [trial.running.value]);
  useEffect(() => {
    const places = (found ?? []).map((event): [number, number] => [event.lon, event.lat]);
    showDots(live, places, found?.findIndex((event) => event.id === chosen) ?? -1);
  }, [found, chosen]);
  useEffect(() => () => showDots(live, []), []);
  const sound = useMemo(() => faultsOf(draft) === null, [draft]);
  const run = () => void trial.run(featureOf(draft), hours, live.feed.now());
  return (
    <section class="trial" aria-label={drawingWords.value.trial.title}>
      <h3>{drawingWords.value.trial.title}</h3>
      <div class="buttons">
        <select
          aria-label={drawingWords.value.trial.howFar}
          value={String(hours)}
          onChange={(event) => setHours(Number(event.currentTarget.value))}
        >
          {SPANS.map(([value, name]) => (
            <option key={value} value={String(value)}>
              {drawingWords.value.trial.spans[name]}
            </option>
          ))}
        </select>
        {trial.running.value ? (
          <button type="button" onClick={() => trial.stop()}>
            {drawingWords.value.trial.stop}
          </button>
        ) : (
          <button type="button" disabled={!sound} onClick={run}>
            {drawingWords.value.trial.try}
          </button>
        )}
      </div>
      <Fault text={trial.fault.value ?? undefined} />
      <Outcome
        live={live}
        trial={trial}
        name={draft.name.trim() || drawingWords.value.trial.thisGeofence}
        chosen={chosen}
        choose={choose}
      />
    </section>
  );
}

interface OutcomeProps {
  readonly live: Live;
  readonly trial: Trial;
  readonly name: string;
  readonly chosen: number | null; // the event that is shown on the map
  readonly choose: (id: number) => void;
}

function Outcome({ live, trial, name, chosen, choose }: OutcomeProps) {
  const progress = trial.progress.value;
  if (!progress)
    return trial.running.value ? (
      <progress aria-label={drawingWords.value.trial.reading} />
    ) : (
      <p class="hint">{drawingWords.value.trial.hint}</p>
    );
  const { counts, events, seconds, fixes, done } = progress;
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
  const listed = [...counts]
    .map(([type, many]) => `${count(many)} ${words.value.events.kinds[type] ?? type}`)
    .join(', ');
  return (
    <>
      {seconds === null && trial.running.value && (
        <progress value={done} max={1} aria-label={drawingWords.value.trial.reading} />
      )}
      <p class="hint" role="status">
        {drawingWords.value.trial.found(total === 0 ? drawingWords.value.trial.noEvent : listed, count(fixes))}
        {seconds === null
          ? trial.running.value
            ? drawingWords.value.trial.soFar
            : drawingWords.value.trial.stopped
          : `, ${age(1000 * seconds)}`}
      </p>
      {runsOf(events).map((run) => (
        <Fragment key={run[0]!.id}>
          <h4>
            <Name text={namesOf(live).device(run[0]!.device)} />
          </h4>
          <ol>
            {run.map((event) => (
              <Found
                key={event.id}
                live={live}
                event={event}
                name={name}
                isChosen={event.id === chosen}
                onChoose={() => choose(event.id)}
              />
            ))}
          </ol>
        </Fragment>
      ))}
      {total > events.length && <p class="hint">{drawingWords.value.trial.first(count(events.length))}</p>}
    </>
  );
}

interface FoundProps {
  readonly live: Live;
  readonly event: TrackerEvent;
  readonly name: string;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Found({ live, event, name, isChosen, onChoose }: FoundProps) {
  const said = <Words parts={sentence(event, { device: namesOf(live).device, geofence: () => name })} />;
  return (
    <li>
      <button
        type="button"
        class={`event ${event.type}`}
        aria-pressed={isChosen}
        onClick={() => {
          onChoose();
          live.view.peek()?.flyTo(event.lon, event.lat, [0, 0]);
        }}
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
