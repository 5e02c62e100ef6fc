/** Every device by name, found by typing, narrowed by what it does. */
import { useMemo } from 'preact/hooks';
import { isFound, isNamed, sortRows } from '../finding';
import type { Live } from '../live';
import type { DeviceTable } from '../live/devices';
import {
  catalogue,
  events,
  filter,
  finding,
  geofenceNames,
  mayManage,
  members,
  query,
  second,
  selected,
  tick,
  unread,
} from '../state';
import { language, words } from '../words';
import { AddButton } from './AddButton';
import { renderFace } from './DeviceIcons';
import { NoDevices, Nothing } from './Empty';
import { Filters, MoreFilters } from './Filters';
import { ago, compareNames, type State, speedFigure, speedUnit, stateOf } from './format';
import { GroupView, useMembers } from './GroupView';
import { isolated, Name } from './Name';
import { Search } from './Search';
import { Unread } from './Unread';
import { VirtualList } from './VirtualList';

const ROW_PX = 56;

export function DeviceList({ live }: { live: Live }) {
  void tick.value;
  useMembers();
  const { devices } = live.feed;
  const now = live.feed.now();
  const known = useMemo(() => sortedRows(devices), [devices.namesVersion, language.value]);
  const sorted = useMemo(() => devices.withoutTwins(known), [known, second.value]);
  // Of all devices, so once a second and not with every tick.
  const states = useMemo(
    () => sorted.map((row) => stateOf(devices.status[row]!, devices.at[row]!, now, live.feed.seesEverything)),
    [sorted, second.value, language.value],
  );
  // What is shown changes with what people ask for at once, and by what devices do once a second.
  const rows = useMemo(
    () => narrow(live, sorted, states),
    [states, query.value, filter.value, finding.value, members.value],
  );
  const current = selected.value === null ? -1 : rows.indexOf(selected.value);
  return (
    <section class="devices" aria-label={words.value.app.devices}>
      <GroupView />
      <Search label={words.value.devices.search} query={query} />
      <Filters states={states} />
      {devices.size > 0 && <MoreFilters devices={devices} />}
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
      {mayManage.value && <AddButton />}
    </section>
  );
}

function sortedRows(devices: DeviceTable): number[] {
  const rows = [];
  for (let row = 0; row < devices.size; row++) if (devices.id[row]) rows.push(row);
  return rows.sort((a, b) => compareNames(devices.name[a]!, devices.name[b]!));
}

function narrow(live: Live, rows: readonly number[], states: State[]): readonly number[] {
  const { devices } = live.feed;
  const typed = query.value.trim().toLocaleLowerCase();
  const [shown, wanted, group] = [filter.value, finding.value, members.value];
  const now = live.feed.now();
  const found = rows.filter(
    (row, i) =>
      (shown === 'all' || states[i]!.key === shown) &&
      (!typed || isNamed(devices, row, typed)) &&
      isFound(devices, row, wanted, now, group),
  );
  return sortRows(devices, found, wanted.order);
}

function emptyText(size: number): string {
  if (catalogue.value === 'failed' && size === 0) return words.value.devices.unread;
  return size === 0 ? words.value.devices.reading : words.value.devices.noMatch;
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
        {renderFace({ devices, row, small: true })}
        <Name text={devices.name[row]} />
        <Unread count={unread.value.get(devices.id[row]!) ?? 0} />
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
