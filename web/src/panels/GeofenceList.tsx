/** Every geofence by name, who is in it, and for who manages the ways to make one. */
import { useMemo } from 'preact/hooks';
import { type FenceKind, type Geofence, kindOf } from '../api/geofences';
import { fold, isCalled } from '../finding';
import type { Editor } from '../geofences/editor';
import { readExpected } from '../geofences/expect';
import { drawingWords } from '../geofences/words';
import type { Live } from '../live';
import { occupants } from '../live/occupants';
import { besideCard } from '../room';
import {
  camera,
  catalogue,
  chosenFence,
  fenceQuery,
  geofences,
  mapMissing,
  mayManage,
  second,
  selected,
} from '../state';
import { words } from '../words';
import { NoGeofences, Nothing } from './Empty';
import { Fault } from './Field';
import { compareNames, count, span, speed } from './format';
import { ImportView } from './ImportView';
import { KindIcon } from './KindIcon';
import { isolated, Name } from './Name';
import { Search } from './Search';
import { VirtualList } from './VirtualList';

const ROW_PX = 56;
const KINDS: readonly FenceKind[] = ['polygon', 'circle', 'corridor'];

export function GeofenceList({ live, editor }: { live: Live; editor: Editor }) {
  const sorted = useMemo(() => [...geofences.value].sort((a, b) => compareNames(a.name, b.name)), [geofences.value]);
  const inside = useMemo(() => occupants(live.feed.devices), [second.value]);
  const fences = narrow(sorted, fenceQuery.value);
  const current = fences.findIndex((fence) => fence.id === chosenFence.value);
  return (
    <section class="geofences" aria-label={words.value.app.geofences}>
      {!editor.importing.preview.value && <Search label={words.value.geofences.search} query={fenceQuery} />}
      {mayManage.value && <Making live={live} editor={editor} />}
      {editor.importing.preview.value ? null : sorted.length === 0 && catalogue.value === 'loaded' ? (
        <NoGeofences />
      ) : fences.length === 0 ? (
        <Nothing text={emptyText(sorted.length)} />
      ) : (
        <VirtualList
          count={fences.length}
          height={ROW_PX}
          label={words.value.app.geofences}
          current={current}
          onMove={(index) => showFence(live, fences[index]!)}
          row={(index) => (
            <Row live={live} fence={fences[index]!} index={index} inside={inside.get(fences[index]!.id)?.length ?? 0} />
          )}
        />
      )}
    </section>
  );
}

function narrow(fences: readonly Geofence[], text: string): readonly Geofence[] {
  const typed = fold(text.trim());
  return typed ? fences.filter((fence) => isCalled(fence.name, fence.id, typed)) : fences;
}

function emptyText(all: number): string {
  return all > 0
    ? words.value.geofences.noMatch
    : catalogue.value === 'failed'
      ? words.value.geofences.unread
      : words.value.geofences.reading;
}

/** Where it is, and what it says. */
export function showFence(live: Live, fence: Geofence): void {
  selected.value = camera.value = null; // the geofence says where
  chosenFence.value = fence.id;
  live.view.peek()?.fitFence(fence, besideCard());
}

function Making({ live, editor }: { live: Live; editor: Editor }) {
  if (editor.importing.preview.value)
    return (
      <div class="making looking">
        <ImportView live={live} importing={editor.importing} />
      </div>
    );
  return (
    <div class="making">
      <div class="buttons" role="group" aria-label={words.value.geofences.draw}>
        {KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            disabled={mapMissing.value}
            aria-label={words.value.geofences.drawKind[kind]}
            onClick={() => editor.begin(kind)}
          >
            <KindIcon kind={kind} /> {words.value.geofences.kinds[kind]}
          </button>
        ))}
        <label class="button" title={words.value.geofences.importHint}>
          {words.value.geofences.import}
          <input
            type="file"
            aria-label={words.value.geofences.importFile}
            accept=".geojson,.json,.kml,.kmz,.gpx,.zip,.shp,.dbf,.prj,.cpg,.shx"
            multiple
            disabled={editor.importing.busy.value}
            onChange={(event) => take(editor, event.currentTarget)}
          />
        </label>
      </div>
      <Fault text={editor.faults.value['form']} />
      <Done editor={editor} />
      <ImportView live={live} importing={editor.importing} />
    </div>
  );
}

/** What was saved or deleted just now, with the way back. */
function Done({ editor }: { editor: Editor }) {
  const last = editor.deeds.last.value;
  if (!last) return null;
  const name = isolated((last.after ?? last.before)!.name);
  return (
    <p class="hint deleted" role="status">
      {last.after ? drawingWords.value.importing.saved(name) : words.value.geofences.deleted(name)}{' '}
      <button type="button" class="link" disabled={editor.busy.value} onClick={() => editor.undo()}>
        {words.value.app.undo}
      </button>
    </p>
  );
}

function take({ importing }: Editor, input: HTMLInputElement): void {
  void importing.look([...(input.files ?? [])]);
  input.value = ''; // so that the same file, mended, can be chosen again
}

function Row({ live, fence, index, inside }: { live: Live; fence: Geofence; index: number; inside: number }) {
  return (
    <div
      class="device fence"
      role="option"
      id={`row-${index}`}
      aria-selected={chosenFence.value === fence.id}
      onClick={() => showFence(live, fence)}
    >
      <span class={fence.enabled ? 'kind' : 'kind off'}>
        <KindIcon kind={kindOf(fence.geometry)} />
      </span>
      <span class="name">
        <Name text={fence.name} />
      </span>
      <span class="figure">
        {inside > 0 && (
          <>
            {count(inside)}
            <small> {words.value.geofences.inside}</small>
          </>
        )}
      </span>
      <span class="note">{rules(fence)}</span>
    </div>
  );
}

export function rules(fence: Geofence): string {
  const parts: string[] = [drawingWords.value.drawing.presetNames[fence.preset] ?? fence.preset];
  if (!fence.enabled) parts.unshift(words.value.geofences.off);
  if (fence.dwell !== null) parts.push(words.value.geofences.tells(span(fence.dwell)));
  if (fence.speedLimit !== null) parts.push(speed(fence.speedLimit));
  for (const { devices, by } of readExpected(fence.properties['expect']))
    parts.push(words.value.geofences.expects(count(devices.length), by));
  return parts.join(' · ');
}
