/** The form beside the map: what a geofence is called, how it decides, what it watches for. */
import { useEffect } from 'preact/hooks';
import { type Draft, type Faults, PRESETS } from '../geofences/draft';
import type { Editor } from '../geofences/editor';
import type { Live } from '../live';
import { Fault, Field, Group, useFaultsInSight } from './Field';
import { KindIcon } from './GeofenceList';
import { TrialView } from './TrialView';

const HOW: Record<Draft['kind'], string> = {
  polygon: 'Click its corners on the map; Enter or a click on the last one closes it.',
  circle: 'Click its middle on the map, then its edge.',
  corridor: 'Click along the way on the map; Enter or a click on the last place ends it.',
};
const MOVE: Record<Draft['kind'], string> = {
  polygon:
    'Drag a corner to move it, a point between two to add one, the inside to move it all. A right click takes a corner away.',
  circle: 'Drag the edge to change its size, the inside to move it.',
  corridor: 'Drag a corner to move it, a point between two to add one. A right click takes a corner away.',
};

export function GeofenceForm({ live, editor }: { live: Live; editor: Editor }) {
  const draft = editor.draft.value!;
  const faults = editor.faults.value;
  const form = useFaultsInSight(faults);
  const drawn = draft.geometry !== null;
  useEffect(() => {
    if (drawn && !editor.draft.peek()?.name) document.getElementById('fence-name')?.focus();
  }, [drawn]);
  const submit = (event: Event) => {
    event.preventDefault();
    void editor.save();
  };
  return (
    <section class="geofences" aria-label={draft.id === null ? 'New geofence' : `Edit ${draft.name}`}>
      <form class="form" ref={form} onSubmit={submit} noValidate>
        <h2>
          <KindIcon kind={draft.kind} /> {draft.id === null ? `New ${draft.kind}` : 'Edit geofence'}
        </h2>
        <ShapeHelp editor={editor} draft={draft} fault={faults['shape']} />
        <Field
          id="fence-name"
          label="Name"
          value={draft.name}
          fault={faults['name']}
          onInput={(name) => editor.change({ name })}
        />
        <Sizes editor={editor} draft={draft} faults={faults} />
        <Presets editor={editor} draft={draft} fault={faults['preset']} />
        <Watches editor={editor} draft={draft} faults={faults} />
        <label class="check">
          <input
            type="checkbox"
            checked={draft.enabled}
            onChange={(event) => editor.change({ enabled: event.currentTarget.checked })}
          />{' '}
          Switched on
        </label>
        <TrialView live={live} editor={editor} />
        <Fault text={faults['form']} />
        <footer>
          <button type="submit" class="primary" disabled={editor.busy.value}>
            {editor.busy.value ? 'Saving…' : 'Save'}
          </button>
          <button type="button" class="secondary" onClick={() => editor.close()}>
            Cancel
          </button>
        </footer>
      </form>
    </section>
  );
}

function ShapeHelp({ editor, draft, fault }: { editor: Editor; draft: Draft; fault: string | undefined }) {
  return (
    <div class="shape-help">
      <p class="hint" role="status">
        {draft.geometry === null ? HOW[draft.kind] : (editor.fixed.value ?? MOVE[draft.kind])}{' '}
        {draft.geometry === null && 'Esc gives up.'}
      </p>
      {draft.geometry === null && draft.kind === 'circle' && (
        <button type="button" class="link" onClick={() => editor.placeInMiddle()}>
          Put it in the middle of the map
        </button>
      )}
      {draft.geometry !== null && (
        <button type="button" class="link" onClick={() => editor.drawAgain()}>
          Draw it anew
        </button>
      )}
      <Fault text={fault} />
    </div>
  );
}

function Sizes({ editor, draft, faults }: { editor: Editor; draft: Draft; faults: Faults }) {
  if (draft.kind === 'circle')
    return (
      <Field
        id="fence-radius"
        label="Radius"
        unit="m"
        numeric
        value={draft.radius}
        fault={faults['radius']}
        onInput={(radius) => editor.change({ radius })}
      />
    );
  if (draft.kind === 'corridor')
    return (
      <Field
        id="fence-width"
        label="Whole width"
        unit="m"
        numeric
        value={draft.width}
        fault={faults['width']}
        onInput={(width) => editor.change({ width })}
      />
    );
  return null;
}

function Presets({ editor, draft, fault }: { editor: Editor; draft: Draft; fault: string | undefined }) {
  return (
    <Group legend="How it decides">
      {PRESETS.map(({ id, text }) => (
        <label key={id} class="choice">
          <input
            type="radio"
            name="preset"
            value={id}
            checked={draft.preset === id}
            onChange={() => editor.change({ preset: id })}
          />
          <span>
            <b>{id}</b> {text}
          </span>
        </label>
      ))}
      <Fault text={fault} />
    </Group>
  );
}

function Watches({ editor, draft, faults }: { editor: Editor; draft: Draft; faults: Faults }) {
  return (
    <div class="pair">
      <Field
        id="fence-dwell"
        label="Tell of a stay of"
        unit="min"
        numeric
        value={draft.dwell}
        placeholder="no"
        fault={faults['dwell']}
        onInput={(dwell) => editor.change({ dwell })}
      />
      <Field
        id="fence-limit"
        label="Speed limit"
        unit="km/h"
        numeric
        value={draft.limit}
        placeholder="none"
        fault={faults['limit']}
        onInput={(limit) => editor.change({ limit })}
      />
    </div>
  );
}
