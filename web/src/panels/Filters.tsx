/** Which devices the list shows and in which order: chips for what they do, and more behind them. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { countFilters, EVERYTHING, type Finding, ORDERS } from '../finding';
import type { DeviceTable } from '../live/devices';
import { dropPicked } from '../many/picking';
import { catalogue, choosing, type Filter, filter, finding, geofences, query, second, viewsShown } from '../state';
import { measure } from '../units';
import { words } from '../words';
import { compareNames, count, type State, span, speed } from './format';

const FILTERS: readonly Filter[] = ['all', 'moving', 'stopped', 'silent'];
const SILENT = [300, 3_600, 86_400, 604_800] as const; // s
const FASTER = [30, 50, 80, 120] as const; // of the reader's unit
const BELOW = [10, 20, 50] as const; // percent

interface FiltersProps {
  readonly states: readonly State[];
  readonly isPlaced: boolean; // what they do is known
}

export function Filters({ states, isPlaced }: FiltersProps) {
  const isRead = states.length > 0 || catalogue.value === 'loaded';
  const counts = useMemo(() => {
    const found: Record<string, number> = { all: states.length };
    for (const { key } of states) found[key] = (found[key] ?? 0) + 1;
    return found;
  }, [states]);
  return (
    <div class="filters" role="group" aria-label={words.value.devices.showThose}>
      {FILTERS.map((key) => (
        <button key={key} type="button" aria-pressed={filter.value === key} onClick={() => (filter.value = key)}>
          {words.value.devices[key]} <span>{(key === 'all' ? isRead : isPlaced) ? count(counts[key] ?? 0) : '–'}</span>
        </button>
      ))}
    </div>
  );
}

export function MoreFilters({ devices }: { devices: DeviceTable }) {
  const said = words.value.devices;
  const isOpen = useSignal(countHere(finding.peek()) > 0 || finding.peek().order !== 'name');
  const used = countHere(finding.value);
  return (
    <div class="more-filters">
      <div class="line">
        <button
          type="button"
          class="link"
          aria-expanded={isOpen.value}
          aria-controls="more-filters"
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          {said.more}
          {used > 0 && ` (${used})`}
        </button>
        {(countFilters(finding.value) > 0 || query.value !== '' || filter.value !== 'all') && (
          <button type="button" class="link" onClick={clear}>
            {said.clear}
          </button>
        )}
        <button
          type="button"
          class="link"
          aria-expanded={viewsShown.value}
          onClick={() => (viewsShown.value = !viewsShown.value)}
        >
          {words.value.views.title}
        </button>
        <button
          type="button"
          class="link several"
          aria-pressed={choosing.value}
          onClick={() => (choosing.value ? dropPicked() : (choosing.value = true))}
        >
          {words.value.many.pickSeveral}
        </button>
      </div>
      {isOpen.value && <Grid devices={devices} />}
    </div>
  );
}

/** The group has a place of its own. */
function countHere(wanted: Finding): number {
  return countFilters({ ...wanted, group: null });
}

function clear(): void {
  finding.value = { ...EVERYTHING, order: finding.value.order };
  query.value = '';
  filter.value = 'all';
}

function change(part: Partial<Finding>): void {
  finding.value = { ...finding.value, ...part };
}

function Grid({ devices }: { devices: DeviceTable }) {
  void second.value; // categories come with devices
  const said = words.value.devices;
  const now = finding.value;
  const categories = useMemo(
    () => [...new Set(devices.category.filter((each) => each !== null))].sort(compareNames),
    [devices.namesVersion],
  );
  const unit = measure().speed;
  return (
    <div class="grid" id="more-filters">
      <Choice
        label={said.order}
        value={now.order}
        from={ORDERS.map((each) => [each, said.orders[each]!])}
        onPick={(order) => change({ order: order as Finding['order'] })}
      />
      <Choice
        label={said.category}
        value={now.category ?? ''}
        none={said.anyCategory}
        from={categories.map((each) => [each, each])}
        onPick={(category) => change({ category: category || null })}
      />
      <Choice
        label={said.inside}
        value={now.inside ?? ''}
        none={said.anywhere}
        from={geofences.value.map((each) => [each.id, each.name])}
        onPick={(inside) => change({ inside: inside || null })}
      />
      <Choice
        label={said.silentFor}
        value={String(now.silent || '')}
        none={said.anyAge}
        from={SILENT.map((each) => [String(each), said.atLeast(span(each))])}
        onPick={(silent) => change({ silent: Number(silent) })}
      />
      <Choice
        label={said.faster}
        value={String(now.faster || '')}
        none={said.anySpeed}
        from={FASTER.map((each) => [String(each * unit.each), said.speedOver(speed(each * unit.each))])}
        onPick={(faster) => change({ faster: Number(faster) })}
      />
      <Choice
        label={said.battery}
        value={String(now.below || '')}
        none={said.anyBattery}
        from={BELOW.map((each) => [String(each), said.batteryBelow(`${each} %`)])}
        onPick={(below) => change({ below: Number(below) })}
      />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly none?: string;
  readonly from: readonly (readonly [string, string])[];
  readonly onPick: (value: string) => void;
}

function Choice({ label, value, none, from, onPick }: ChoiceProps) {
  const isKnown = value === '' || from.some(([key]) => key === value);
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {!isKnown && <option value={value}>{value}</option>}
        {from.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
