/** Every device by name, found by typing, narrowed by what it does. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { fold, isFound, isNamed, sortRows } from '../finding';
import type { Live } from '../live';
import type { DeviceTable } from '../live/devices';
import { dropPicked, pickAll, pickMore, pickRange } from '../many/picking';
import { quietly } from '../quietly';
import {
  catalogue,
  choosing,
  events,
  filter,
  finding,
  geofenceNames,
  mayManage,
  members,
  outcome,
  picked,
  placed,
  query,
  running,
  second,
  selected,
  tick,
  unread,
  viewsShown,
} from '../state';
import { findViews, readViews } from '../views/views';
import { language, words } from '../words';
import { AddButton } from './AddButton';
import { renderFace } from './DeviceIcons';
import { NoDevices, Nothing } from './Empty';
import { Filters, MoreFilters } from './Filters';
import { ago, compareNames, type State, speedFigure, speedUnit, stateOf } from './format';
import { later } from './later';
import { useMembers } from './members';
import { isolated, Name } from './Name';
import { Search } from './Search';
import { Unread } from './Unread';
import { VirtualList } from './VirtualList';

const GroupView = later(() => import('./GroupView').then((it) => it.GroupView));
const Many = later(() => import('../many/Many').then((it) => it.Many));
const SavedViews = later(() => import('../views/SavedViews').then((it) => it.SavedViews));
const FoundViews = later(() => import('../views/SavedViews').then((it) => it.FoundViews));
const ROW_PX = 56;

export function DeviceList({ live }: { live: Live }) {
  void tick.value;
  useMembers();
  useEffect(() => void quietly(readViews), []);
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
  const pick = usePicking(live, rows, current);
  return (
    <section class="devices" aria-label={words.value.app.devices}>
      <GroupView />
      <Search label={words.value.devices.search} query={query} />
      {findViews(query.value).length > 0 && <FoundViews live={live} />}
      <Filters states={states} isPlaced={placed.value} />
      {devices.size > 0 && <MoreFilters devices={devices} />}
      {viewsShown.value && <SavedViews live={live} />}
      {(picked.value.size > 0 || choosing.value || running.value || outcome.value) && (
        <Many live={live} listed={rows} />
      )}
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
          picking={pick}
          row={(index) => (
            <Row live={live} row={rows[index]!} index={index} now={now} onClick={(event) => pick.click(event, index)} />
          )}
        />
      )}
      {mayManage.value && <AddButton />}
    </section>
  );
}

/** By clicks and keys; a plain click shows one, and picks none. */
function usePicking(live: Live, rows: readonly number[], current: number) {
  const anchor = useRef<number | null>(null); // row from which a range goes
  const one = (index: number) => {
    anchor.current = rows[index]!;
    pickMore(live, [rows[index]!]);
  };
  const on = (index: number) => {
    const at = anchor.current === null ? current : rows.indexOf(anchor.current);
    const from = at < 0 ? index : at; // where a range began may have been filtered away
    anchor.current = rows[from]!;
    pickRange(live, rows, from, index);
    selected.value = rows[index]!;
  };
  const click = (event: MouseEvent, index: number) => {
    if (event.shiftKey) return on(index);
    if (event.ctrlKey || event.metaKey || choosing.peek()) return one(index);
    anchor.current = rows[index]!;
    dropPicked();
    live.goTo(rows[index]!);
  };
  return { one, on, all: () => pickAll(live, rows), click };
}

function sortedRows(devices: DeviceTable): number[] {
  const rows = [];
  for (let row = 0; row < devices.size; row++) if (devices.id[row]) rows.push(row);
  return rows.sort((a, b) => compareNames(devices.name[a]!, devices.name[b]!));
}

function narrow(live: Live, rows: readonly number[], states: State[]): readonly number[] {
  const { devices } = live.feed;
  const typed = fold(query.value.trim());
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

interface RowProps {
  readonly live: Live;
  readonly row: number;
  readonly index: number;
  readonly now: number;
  readonly onClick: (event: MouseEvent) => void;
}

function Row({ live, row, index, now, onClick }: RowProps) {
  const { devices } = live.feed;
  void events.value; // who is where changes with them
  const state = stateOf(devices.status[row]!, devices.at[row]!, now, live.feed.seesEverything);
  const where = devices.inside[row]!.map((id) => isolated(geofenceNames.value.get(id) ?? id)).join(', ');
  const known = !Number.isNaN(devices.at[row]!);
  const isPicked = picked.value.has(devices.id[row]!);
  const isPicking = choosing.value || picked.value.size > 0;
  return (
    <div
      class="device"
      role="option"
      id={`row-${index}`}
      aria-selected={isPicking ? isPicked : selected.value === row}
      data-picked={isPicked}
      data-open={selected.value === row}
      onMouseDown={(event) => event.shiftKey && event.preventDefault() /* else text is marked */}
      onClick={onClick}
    >
      {isPicking ? <Tick isOn={isPicked} /> : <span class={`dot ${state.key}`} />}
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

/** As a checkbox looks; the row says it to those who hear it. */
function Tick({ isOn }: { isOn: boolean }) {
  return <span class="tick" data-on={isOn} aria-hidden="true" />;
}
