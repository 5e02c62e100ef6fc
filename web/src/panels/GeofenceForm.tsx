/** The form beside the map: what a geofence is called, how it decides, what it watches for. */
import { useEffect, useLayoutEffect } from 'preact/hooks';
import type { Json } from '../api/call';
import { decodeGeofence } from '../api/geofences';
import { isWriting } from '../focus';
import { type Draft, type Faults, featureOf, number, PRESETS } from '../geofences/draft';
import type { Editor } from '../geofences/editor';
import { breadthOf, missedOf } from '../geofences/missing';
import { isSnapping, switchSnapping } from '../geofences/snapping';
import { drawingWords } from '../geofences/words';
import type { Live } from '../live';
import { geofences } from '../state';
import { words } from '../words';
import { ExpectFields } from './ExpectFields';
import { Fault, Field, Group, useFaultsInSight } from './Field';
import { distance, span, speedUnit } from './format';
import { rules } from './GeofenceList';
import { InGroup } from './InGroup';
import { KindIcon } from './KindIcon';
import { isolated } from './Name';
import { TrialView } from './TrialView';

export function GeofenceForm({ live, editor }: { live: Live; editor: Editor }) {
  const draft = editor.draft.value!;
  const faults = editor.faults.value;
  const form = useFaultsInSight(faults);
  const drawn = draft.geometry !== null;
  useLayoutEffect(() => {
    if (drawn && !editor.draft.peek()?.name && !isWriting()) document.getElementById('fence-name')?.focus();
  }, [drawn]);
  useEffect(() => editor.look(), [geofences.value]);
  const submit = (event: Event) => {
    event.preventDefault();
    void editor.save();
  };
  return (
    <section
      class="geofences"
      aria-label={
        draft.id === null
          ? drawingWords.value.drawing.newGeofence
          : drawingWords.value.drawing.editNamed(isolated(draft.name))
      }
    >
      <form class="form" ref={form} onSubmit={submit} noValidate>
        <h2>
          <KindIcon kind={draft.kind} />{' '}
          {draft.id === null ? drawingWords.value.drawing.new[draft.kind] : drawingWords.value.drawing.edit}
        </h2>
        <Steps editor={editor} />
        <Conflict live={live} editor={editor} draft={draft} />
        <ShapeHelp editor={editor} draft={draft} fault={faults['shape']} />
        <Field
          id="fence-name"
          label={drawingWords.value.drawing.name}
          value={draft.name}
          fault={faults['name']}
          onInput={(name) => editor.change({ name })}
        />
        {draft.id === null && (
          <InGroup
            id="fence-group"
            group={editor.group.value}
            onPick={(group) => {
              editor.group.value = group;
            }}
          />
        )}
        <Sizes editor={editor} draft={draft} faults={faults} />
        <Presets editor={editor} draft={draft} fault={faults['preset']} />
        <Missed editor={editor} draft={draft} />
        <Watches editor={editor} draft={draft} faults={faults} />
        <AlreadyInside editor={editor} draft={draft} />
        <ExpectFields live={live} editor={editor} draft={draft} fault={faults['expect']} />
        <label class="check">
          <input
            type="checkbox"
            checked={draft.enabled}
            onChange={(event) => editor.change({ enabled: event.currentTarget.checked })}
          />{' '}
          {drawingWords.value.drawing.on}
        </label>
        <TrialView live={live} editor={editor} />
        <Fault text={faults['form']} />
        <footer>
          <button type="submit" class="primary" disabled={editor.busy.value}>
            {editor.busy.value ? words.value.app.saving : words.value.app.save}
          </button>
          <button type="button" class="secondary" onClick={() => editor.close()}>
            {words.value.app.cancel}
          </button>
        </footer>
      </form>
    </section>
  );
}

/** Back and forth, by hand: Ctrl+Z does the same. */
function Steps({ editor }: { editor: Editor }) {
  const { back, forth } = editor.steps.value;
  const { undo, redo } = words.value.app;
  const isDrawn = editor.draft.value?.geometry !== null; // while it is being drawn each corner can be taken back
  return (
    <div class="buttons steps">
      <button type="button" disabled={isDrawn && !back} title={`${undo} (Ctrl+Z)`} onClick={() => editor.undo()}>
        {undo}
      </button>
      <button type="button" disabled={isDrawn && !forth} title={`${redo} (Ctrl+Shift+Z)`} onClick={() => editor.redo()}>
        {redo}
      </button>
    </div>
  );
}

/** Two have changed the same one: both versions are said, and one decides which it is to be. */
function Conflict({ live, editor, draft }: { live: Live; editor: Editor; draft: Draft }) {
  const conflict = editor.conflict.value;
  const drawn = conflict?.theirs ?? null;
  const view = live.view.value; // the map may come later than what is drawn on it
  useEffect(() => {
    if (!drawn || !view) return undefined;
    view.proposals.lay([{ index: 0, becomes: 'replaced', fence: drawn }]);
    return () => live.view.peek()?.proposals.lay([]); // none, where the map is gone
  }, [drawn, view]);
  if (!conflict) return null;
  const { theirs } = conflict;
  const said = drawingWords.value.drawing;
  const mine = decodeGeofence(featureOf(draft) as unknown as Json);
  return (
    <div class="notice bad" role="alert">
      <p>{(theirs ? said.conflict : said.conflictGone)(isolated(theirs?.name ?? draft.name))}</p>
      {theirs && <p>{said.theirs(`${isolated(theirs.name)} · ${rules(theirs)}`)}</p>}
      <p>{said.yours(`${isolated(draft.name)} · ${rules(mine)}`)}</p>
      <div class="buttons">
        <button type="button" disabled={editor.busy.value} onClick={() => void editor.save(true)}>
          {said.saveMine}
        </button>
        <button type="button" onClick={() => editor.takeTheirs()}>
          {said.takeTheirs}
        </button>
      </div>
    </div>
  );
}

function ShapeHelp({ editor, draft, fault }: { editor: Editor; draft: Draft; fault: string | undefined }) {
  return (
    <div class="shape-help">
      <p class="hint" role="status">
        {draft.geometry === null
          ? drawingWords.value.drawing.how[draft.kind]
          : (editor.fixed.value ?? drawingWords.value.drawing.move[draft.kind])}{' '}
        {draft.geometry === null && drawingWords.value.drawing.escape}
      </p>
      {draft.geometry === null && draft.kind === 'circle' && (
        <button type="button" class="link" onClick={() => editor.placeInMiddle()}>
          {drawingWords.value.drawing.inMiddle}
        </button>
      )}
      {draft.geometry !== null && (
        <button type="button" class="link" onClick={() => editor.drawAgain()}>
          {drawingWords.value.drawing.anew}
        </button>
      )}
      {draft.kind !== 'circle' && <Snapping />}
      <Fault text={fault ?? (editor.crosses.value ? drawingWords.value.drawing.crossing : undefined)} />
    </div>
  );
}

function Sizes({ editor, draft, faults }: { editor: Editor; draft: Draft; faults: Faults }) {
  if (draft.kind === 'circle')
    return (
      <Field
        id="fence-radius"
        label={drawingWords.value.drawing.radius}
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
        label={drawingWords.value.drawing.width}
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
    <Group legend={drawingWords.value.drawing.decides}>
      {PRESETS.map((id) => (
        <label key={id} class="choice">
          <input
            type="radio"
            name="preset"
            value={id}
            checked={draft.preset === id}
            onChange={() => editor.change({ preset: id })}
          />
          <span>
            <b>{drawingWords.value.drawing.presetNames[id]}</b> {drawingWords.value.drawing.presets[id]}
          </span>
        </label>
      ))}
      <Fault text={fault} />
    </Group>
  );
}

/** What those are that are inside when it is saved, or are covered by it anew. */
function AlreadyInside({ editor, draft }: { editor: Editor; draft: Draft }) {
  const said = drawingWords.value.drawing.already;
  return (
    <Group legend={said.legend}>
      {([true, false] as const).map((notes) => (
        <label key={String(notes)} class="choice">
          <input
            type="radio"
            name="already"
            checked={draft.notes === notes}
            onChange={() => editor.change({ notes })}
          />
          <span>
            <b>{notes ? said.noted : said.entered}</b> {notes ? said.notedMeans : said.enteredMeans}
          </span>
        </label>
      ))}
    </Group>
  );
}

const HARDLY = 0.005; // of all passages: nobody would draw another geofence for one in 200
const MOST = 0.95;

/** What the shape that is drawn just now will miss, so that it can still be drawn larger. */
function Missed({ editor, draft }: { editor: Editor; draft: Draft }) {
  const usual = editor.usual.value;
  const breadth = breadthOf(draft.kind, editor.places.value, number(draft.width) || 0);
  if (!usual || !(breadth > 0)) return null;
  const missed = missedOf(draft.preset, draft.kind, breadth, usual);
  const said = drawingWords.value.drawing.missed;
  const who = usual.device === null ? said.all : isolated(usual.device);
  const how = said.at(who, usual.accuracy >= 0 ? distance(usual.accuracy) : null, span(usual.interval));
  const share = missed < HARDLY ? said.hardly : missed > MOST ? said.most : said.oneIn(Math.round(1 / missed));
  return (
    // Not read out with each move of the hand.
    <p class={missed > 0.1 ? 'hint missed many' : 'hint missed'} aria-live={draft.geometry ? 'polite' : 'off'}>
      {how} {share}
    </p>
  );
}

function Snapping() {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isSnapping.value}
        onChange={(event) => switchSnapping(event.currentTarget.checked)}
      />{' '}
      {drawingWords.value.drawing.snap}
    </label>
  );
}

function Watches({ editor, draft, faults }: { editor: Editor; draft: Draft; faults: Faults }) {
  return (
    <div class="pair">
      <Field
        id="fence-dwell"
        label={drawingWords.value.drawing.stay}
        unit={drawingWords.value.drawing.minutes}
        numeric
        value={draft.dwell}
        placeholder={drawingWords.value.drawing.no}
        fault={faults['dwell']}
        onInput={(dwell) => editor.change({ dwell })}
      />
      <Field
        id="fence-limit"
        label={words.value.geofences.limit}
        unit={speedUnit()}
        numeric
        value={draft.limit}
        placeholder={drawingWords.value.drawing.none}
        fault={faults['limit']}
        onInput={(limit) => editor.change({ limit })}
      />
    </div>
  );
}
