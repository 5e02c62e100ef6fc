/** The chosen geofence: what it watches for, who is in it, and for an admin what can be done with it. */
import { type Geofence, kindOf } from '../api/geofences';
import type { Editor } from '../geofences/editor';
import { drawingWords } from '../geofences/words';
import type { Live } from '../live';
import { chosenFence, geofences, mapMissing, mayManage } from '../state';
import { words } from '../words';
import { Confirm } from './Confirm';
import { Fault } from './Field';
import { distance, span, speed, UNKNOWN } from './format';
import { CloseIcon, PencilIcon, TrashIcon } from './Icons';
import { isolated, Name } from './Name';
import { Visitors } from './Visitors';

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
      <Visitors live={live} id={fence.id} />
      <Fault text={editor.faults.value['form']} />
      {mayManage.value && (
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
        <dd>{drawingWords.value.drawing.presetNames[fence.preset] ?? fence.preset}</dd>
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
