/** Every geofence by name, who is in it, and for an admin the ways to make one. */
import { useMemo } from 'preact/hooks';
import { type FenceKind, type Geofence, type Imported, kindOf } from '../api/geofences';
import type { Editor } from '../geofences/editor';
import type { Live } from '../live';
import { occupants } from '../live/occupants';
import { catalogue, chosenFence, fenceQuery, geofences, isAdmin, mapMissing, second, selected } from '../state';
import { NoGeofences, Nothing } from './Empty';
import { Fault } from './Field';
import { count, kmh, span } from './format';
import { CircleIcon, CorridorIcon, FenceIcon } from './Icons';
import { besideCard } from './MapPane';
import { Name } from './Name';
import { Search } from './Search';
import { VirtualList } from './VirtualList';

const ROW_PX = 56;
const KINDS: readonly [FenceKind, string][] = [
  ['polygon', 'Polygon'],
  ['circle', 'Circle'],
  ['corridor', 'Corridor'],
];
const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

export function GeofenceList({ live, editor }: { live: Live; editor: Editor }) {
  const sorted = useMemo(() => [...geofences.value].sort((a, b) => byName.compare(a.name, b.name)), [geofences.value]);
  const inside = useMemo(() => occupants(live.feed.devices), [second.value]);
  const fences = narrow(sorted, fenceQuery.value);
  const current = fences.findIndex((fence) => fence.id === chosenFence.value);
  return (
    <section class="geofences" aria-label="Geofences">
      <Search label="Search geofences" query={fenceQuery} />
      {isAdmin.value && <Making editor={editor} />}
      {sorted.length === 0 && catalogue.value === 'loaded' ? (
        <NoGeofences />
      ) : fences.length === 0 ? (
        <Nothing text={emptyText(sorted.length)} />
      ) : (
        <VirtualList
          count={fences.length}
          height={ROW_PX}
          label="Geofences"
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
    ? 'No geofence matches.'
    : catalogue.value === 'failed'
      ? 'The geofences could not be read. Trying again soon.'
      : 'Reading geofences…';
}

/** Where it is, and what it says. */
export function showFence(live: Live, fence: Geofence): void {
  selected.value = null;
  chosenFence.value = fence.id;
  live.view.peek()?.fitFence(fence, besideCard());
}

function Making({ editor }: { editor: Editor }) {
  return (
    <div class="making">
      <div class="buttons" role="group" aria-label="Draw a geofence">
        {KINDS.map(([kind, text]) => (
          <button
            key={kind}
            type="button"
            disabled={mapMissing.value}
            aria-label={`Draw ${kind}`}
            onClick={() => editor.begin(kind)}
          >
            <KindIcon kind={kind} /> {text}
          </button>
        ))}
        <label
          class="button"
          title="All of a file that can be a geofence: GeoJSON, KML, GPX. Places of KML and GPX get a radius of 100 m, lines a width of 50 m"
        >
          Import
          <input
            type="file"
            aria-label="Import a file"
            accept=".geojson,.json,.kml,.gpx"
            disabled={editor.busy.value}
            onChange={(event) => take(editor, event.currentTarget)}
          />
        </label>
      </div>
      <Fault text={editor.faults.value['form']} />
      {editor.taken.value && (
        <button type="button" class="link" onClick={() => void editor.load(editor.taken.peek()!, true)}>
          Import all, replacing those
        </button>
      )}
      {editor.imported.value && <Outcome imported={editor.imported.value} />}
    </div>
  );
}

function Outcome({ imported }: { imported: Imported }) {
  const { created, replaced, unchanged, refused, refusedCount, said } = imported;
  const counts: readonly [number, string][] = [
    [created, 'new'],
    [replaced, 'replaced'],
    [unchanged, 'unchanged'],
    [refusedCount, 'not imported'],
  ];
  const lines = [...refused, ...said];
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
          <summary>What was refused or read otherwise</summary>
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
            <small> inside</small>
          </>
        )}
      </span>
      <span class="note">{rules(fence)}</span>
    </div>
  );
}

export function rules(fence: Geofence): string {
  const parts: string[] = [fence.preset];
  if (!fence.enabled) parts.unshift('switched off');
  if (fence.dwell !== null) parts.push(`tells of ${span(fence.dwell)} inside`);
  if (fence.speedLimit !== null) parts.push(`${kmh(fence.speedLimit)} km/h`);
  return parts.join(' · ');
}

export function KindIcon({ kind }: { kind: FenceKind }) {
  return kind === 'circle' ? <CircleIcon /> : kind === 'corridor' ? <CorridorIcon /> : <FenceIcon />;
}
