/** Every geofence by name, who is in it, and for an admin the ways to make one. */
import { useMemo } from 'preact/hooks';
import { type FenceKind, type Geofence, type Imported, kindOf } from '../api/geofences';
import type { Editor } from '../geofences/editor';
import { readExpected } from '../geofences/expect';
import type { Live } from '../live';
import { occupants } from '../live/occupants';
import { besideCard } from '../room';
import { camera, catalogue, chosenFence, fenceQuery, geofences, isAdmin, mapMissing, second, selected } from '../state';
import { words } from '../words';
import { NoGeofences, Nothing } from './Empty';
import { Fault } from './Field';
import { compareNames, count, span, speed } from './format';
import { CircleIcon, CorridorIcon, FenceIcon } from './Icons';
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
      <Search label={words.value.geofences.search} query={fenceQuery} />
      {isAdmin.value && <Making editor={editor} />}
      {sorted.length === 0 && catalogue.value === 'loaded' ? (
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
  const typed = text.trim().toLocaleLowerCase();
  return typed
    ? fences.filter((fence) => fence.name.toLocaleLowerCase().includes(typed) || fence.id.toLowerCase().includes(typed))
    : fences;
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

function Making({ editor }: { editor: Editor }) {
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
            accept=".geojson,.json,.kml,.kmz,.gpx"
            disabled={editor.busy.value}
            onChange={(event) => take(editor, event.currentTarget)}
          />
        </label>
      </div>
      <Fault text={editor.faults.value['form']} />
      <Deleted editor={editor} />
      {editor.taken.value && (
        <button type="button" class="link" onClick={() => void editor.load(editor.taken.peek()!, true)}>
          {words.value.geofences.importReplacing}
        </button>
      )}
      {editor.imported.value && <Outcome imported={editor.imported.value} />}
    </div>
  );
}

function Deleted({ editor }: { editor: Editor }) {
  const last = editor.deleted.value;
  if (!last || last.undone) return null;
  return (
    <p class="hint deleted" role="status">
      {words.value.geofences.deleted(isolated(last.fence.name))}{' '}
      <button type="button" class="link" disabled={editor.busy.value} onClick={() => void editor.bringBack()}>
        {words.value.app.undo}
      </button>
    </p>
  );
}

function Outcome({ imported }: { imported: Imported }) {
  const { created, replaced, unchanged, refused, refusedCount } = imported;
  const said = words.value.geofences.imported;
  const counts: readonly [number, string][] = [
    [created, said.created],
    [replaced, said.replaced],
    [unchanged, said.unchanged],
    [refusedCount, said.refused],
  ];
  const lines = [...refused, ...imported.said];
  return (
    <div class="hint" role="status">
      <p>
        {counts
          .filter(([many], i) => many > 0 || i === 0)
          .map(([many, what]) => `${count(many)} ${what}`)
          .join(', ')}
      </p>
      {lines.length > 0 && (
        <details open={refused.length > 0}>
          <summary>{words.value.geofences.readOtherwise}</summary>
          <ul>
            {lines.map((line, i) => (
              <li key={i}>{line}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function take(editor: Editor, input: HTMLInputElement): void {
  const [file] = input.files ?? [];
  if (file) void editor.load(file);
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
  const parts: string[] = [words.value.drawing.presetNames[fence.preset] ?? fence.preset];
  if (!fence.enabled) parts.unshift(words.value.geofences.off);
  if (fence.dwell !== null) parts.push(words.value.geofences.tells(span(fence.dwell)));
  if (fence.speedLimit !== null) parts.push(speed(fence.speedLimit));
  for (const { devices, by } of readExpected(fence.properties['expect']))
    parts.push(words.value.geofences.expects(count(devices.length), by));
  return parts.join(' · ');
}

export function KindIcon({ kind }: { kind: FenceKind }) {
  return kind === 'circle' ? <CircleIcon /> : kind === 'corridor' ? <CorridorIcon /> : <FenceIcon />;
}
