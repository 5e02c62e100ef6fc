/** Which kind of event the feed tells of, and the way to its other filters. */
import { feedFilter } from '../state';
import { words } from '../words';
import { FilterIcon } from './Icons';

export function FeedKinds() {
  const { all, filter, kinds } = words.value.events;
  const wanted = feedFilter.value;
  return (
    <select
      aria-label={filter}
      value={wanted.kind}
      onChange={(event) => (feedFilter.value = { ...wanted, kind: event.currentTarget.value })}
    >
      <option value="">{all}</option>
      {Object.entries(kinds).map(([type, text]) => (
        <option key={type} value={type}>
          {text}
        </option>
      ))}
    </select>
  );
}

export function FeedFilterButton({ open, onToggle }: { open: boolean; onToggle: () => void }) {
  return (
    <button
      type="button"
      class="quiet to-filters"
      aria-expanded={open}
      aria-label={words.value.events.more}
      title={words.value.events.more}
      onClick={onToggle}
    >
      <FilterIcon />
    </button>
  );
}
