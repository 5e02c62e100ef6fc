/** Every device by name, found by typing, narrowed by what it does. */
import { useMemo } from 'preact/hooks';
import type { Live } from '../live';
import type { DeviceTable } from '../live/devices';
import {
  catalogue,
  events,
  type Filter,
  filter,
  geofenceNames,
  isAdmin,
  query,
  second,
  selected,
  tick,
} from '../state';
import { language, words } from '../words';
import { AddButton } from './AddDevice';
import { NoDevices, Nothing } from './Empty';
import { ago, compareNames, count, type State, speedFigure, speedUnit, stateOf } from './format';
import { isolated, Name } from './Name';
import { Search } from './Search';
import { VirtualList } from './VirtualList';

const ROW_PX = 56;
const FILTERS: readonly Filter[] = ['all', 'moving', 'stopped', 'silent'];

export function DeviceList({ live }: { live: Live }) {
  void tick.value;
  const { devices } = live.feed;
  const now = live.feed.now();
  const sorted = useMemo(() => sortedRows(devices), [devices.namesVersion, language.value]);
  // Of all devices, so once a second and not with every tick.
  const states = useMemo(
    () => sorted.map((row) => stateOf(devices.status[row]!, devices.at[row]!, now, live.feed.seesEverything)),
    [sorted, second.value, language.value],
  );
  const rows = narrow(devices, sorted, states, query.value, filter.value);
  const current = selected.value === null ? -1 : rows.indexOf(selected.value);
  return (
    <section class="devices" aria-label={words.value.app.devices}>
      <Search label={words.value.devices.search} query={query} />
      <Filters states={states} />
      {devices.size === 0 && catalogue.value === 'loaded' ? (
        <NoDevices />
      ) : rows.length === 0 ? (
        <Nothing text={emptyText(devices.size)} />
      ) : (
        <VirtualList
          count={rows.length}
          height={ROW_PX}
          label={words.value.app.devices}
          current={current}
          onMove={(index) => live.goTo(rows[index]!)}
          row={(index) => <Row live={live} row={rows[index]!} index={index} now={now} />}
        />
      )}
      {isAdmin.value && <AddButton />}
    </section>
  );
}

function sortedRows(devices: DeviceTable): number[] {
  const rows = [];
  for (let row = 0; row < devices.size; row++) if (devices.id[row]) rows.push(row);
  return rows.sort((a, b) => compareNames(devices.name[a]!, devices.name[b]!));
}

function narrow(devices: DeviceTable, rows: number[], states: State[], text: string, wanted: Filter): number[] {
  const typed = text.trim().toLocaleLowerCase();
  if (!typed && wanted === 'all') return rows;
  return rows.filter(
    (row, i) =>
      (wanted === 'all' || states[i]!.key === wanted) &&
      (!typed ||
        devices.name[row]!.toLocaleLowerCase().includes(typed) ||
        devices.id[row]!.toLowerCase().includes(typed)),
  );
}

function emptyText(size: number): string {
  if (catalogue.value === 'failed' && size === 0) return words.value.devices.unread;
  return size === 0 ? words.value.devices.reading : words.value.devices.noMatch;
}

function Filters({ states }: { states: State[] }) {
  const counts = useMemo(() => {
    const found: Record<string, number> = { all: states.length };
    for (const { key } of states) found[key] = (found[key] ?? 0) + 1;
    return found;
  }, [states]);
  return (
    <div class="filters" role="group" aria-label={words.value.devices.showThose}>
      {FILTERS.map((key) => (
        <button key={key} type="button" aria-pressed={filter.value === key} onClick={() => (filter.value = key)}>
          {words.value.devices[key]} <span>{count(counts[key] ?? 0)}</span>
        </button>
      ))}
    </div>
  );
}

function Row({ live, row, index, now }: { live: Live; row: number; index: number; now: number }) {
  const { devices } = live.feed;
  void events.value; // who is where changes with them
  const state = stateOf(devices.status[row]!, devices.at[row]!, now, live.feed.seesEverything);
  const where = devices.inside[row]!.map((id) => isolated(geofenceNames.value.get(id) ?? id)).join(', ');
  const known = !Number.isNaN(devices.at[row]!);
  return (
    <div
      class="device"
      role="option"
      id={`row-${index}`}
      aria-selected={selected.value === row}
      onClick={() => live.goTo(row)}
    >
      <span class={`dot ${state.key}`} />
      <span class="name">
        <Name text={devices.name[row]} />
      </span>
      <span class="figure">
        {state.key === 'moving' ? (
          <>
            {speedFigure(devices.speed[row]!)}
            <small> {speedUnit()}</small>
          </>
        ) : null}
      </span>
      <span class="note">{where ? `${state.text} · ${where}` : state.text}</span>
      <span class="age">
        {!known ? '' : devices.shown[row] ? ago(now - devices.at[row]!) : words.value.devices.outOfView}
      </span>
    </div>
  );
}
