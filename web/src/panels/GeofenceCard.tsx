/** The chosen geofence: what it watches for, who is in it, and for an admin what can be done with it. */
import { useMemo } from 'preact/hooks';
import { type Geofence, kindOf } from '../api/geofences';
import type { Editor } from '../geofences/editor';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { findEntered, occupants } from '../live/occupants';
import { chosenFence, events, geofences, isAdmin, mapMissing, second } from '../state';
import { words } from '../words';
import { Confirm } from './Confirm';
import { Fault } from './Field';
import { distance, moment, span, speed, time, UNKNOWN } from './format';
import { CloseIcon, PencilIcon, TrashIcon } from './Icons';
import { isolated, Name } from './Name';

const SHOWN = 30; // devices

export function GeofenceCard({ live, editor }: { live: Live; editor: Editor }) {
  const fence = geofences.value.find((each) => each.id === chosenFence.value);
  if (!fence || editor.draft.value) return null;
  return (
    <section class="detail card of-fence" aria-label={words.value.geofences.geofence(isolated(fence.name))}>
      <header>
        <div>
          <h2>
            <Name text={fence.name} />
          </h2>
          <p class="id">
            {fence.id}
            {fence.enabled ? '' : ` · ${words.value.geofences.off}`}
          </p>
        </div>
        <button
          type="button"
          class="quiet"
          aria-label={words.value.app.close}
          onClick={() => (chosenFence.value = null)}
        >
          <CloseIcon />
        </button>
      </header>
      <Facts fence={fence} />
      <Occupants live={live} id={fence.id} />
      <Fault text={editor.faults.value['form']} />
      {isAdmin.value && (
        <footer>
          <button type="button" disabled={mapMissing.value} onClick={() => editor.edit(fence)}>
            <PencilIcon /> {words.value.app.edit}
          </button>
          <Confirm
            key={fence.id}
            question={words.value.geofences.deleteIt}
            yes={words.value.app.delete}
            disabled={editor.busy.value}
            onYes={() => void editor.remove(fence)}
          >
            <TrashIcon /> {words.value.app.delete}
          </Confirm>
        </footer>
      )}
    </section>
  );
}

function Facts({ fence }: { fence: Geofence }) {
  const size = fence.radius ?? fence.width;
  return (
    <dl>
      <div>
        <dt>{words.value.geofences.shape}</dt>
        <dd>
          {words.value.geofences.kinds[kindOf(fence.geometry)]}
          {size !== null && `, ${distance(size)}`}
        </dd>
      </div>
      <div>
        <dt>{words.value.geofences.preset}</dt>
        <dd>{words.value.drawing.presetNames[fence.preset] ?? fence.preset}</dd>
      </div>
      <div>
        <dt>{words.value.geofences.stay}</dt>
        <dd>{fence.dwell === null ? UNKNOWN : span(fence.dwell)}</dd>
      </div>
      <div>
        <dt>{words.value.geofences.limit}</dt>
        <dd>{fence.speedLimit === null ? UNKNOWN : speed(fence.speedLimit)}</dd>
      </div>
    </dl>
  );
}

interface SinceProps {
  readonly events: readonly TrackerEvent[];
  readonly device: string;
  readonly fence: string;
  readonly now: number;
}

/** Since when it is in, where the event that says so is among those that are here. */
function Since({ events, device, fence, now }: SinceProps) {
  const entered = findEntered(events, device, fence);
  return entered && <small title={moment(entered.at)}>{words.value.states.since(time(entered.at, now))}</small>;
}

function Occupants({ live, id }: { live: Live; id: string }) {
  const { devices } = live.feed;
  const rows = useMemo(() => occupants(devices).get(id) ?? [], [id, second.value]);
  return (
    <div class={rows.length ? 'inside' : 'inside none'}>
      <h3>{words.value.geofences.insideNow}</h3>
      {rows.length === 0 ? (
        <p class="hint">{words.value.geofences.noDevice}</p>
      ) : (
        <ul>
          {rows.slice(0, SHOWN).map((row) => (
            <li key={row}>
              <button type="button" onClick={() => live.goTo(row)}>
                <Name text={devices.name[row]} />
                <Since events={events.value} device={devices.id[row]!} fence={id} now={live.feed.now()} />
              </button>
            </li>
          ))}
          {rows.length > SHOWN && <li class="more">{words.value.geofences.andMore(rows.length - SHOWN)}</li>}
        </ul>
      )}
    </div>
  );
}
