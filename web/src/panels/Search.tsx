/** Where one types to find; `/` goes to the one that is there. */
import type { Signal } from '@preact/signals';
import { SearchIcon } from './Icons';

export function Search({ label, query }: { label: string; query: Signal<string> }) {
  return (
    <label class="search">
      <SearchIcon />
      <input
        id="search"
        type="search"
        placeholder={label}
        aria-label={label}
        autocomplete="off"
        spellcheck={false}
        value={query.value}
        onInput={(event) => (query.value = event.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}
