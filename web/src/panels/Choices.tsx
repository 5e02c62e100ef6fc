/** Some of many, found by typing. None chosen means all. */
import { useState } from 'preact/hooks';
import { fold, isCalled } from '../finding';
import { words } from '../words';
import { CloseIcon } from './Icons';
import { Name } from './Name';

const SHOWN = 8;

interface Props {
  readonly id: string;
  readonly legend: string;
  readonly all: ReadonlyMap<string, string>; // id to name
  readonly chosen: readonly string[];
  readonly placeholder?: string; // where none chosen does not mean all
  readonly onChange: (chosen: readonly string[]) => void;
}

export function Choices({ id, legend, all, chosen, placeholder, onChange }: Props) {
  const said = words.value.alerts.form;
  const [typed, setTyped] = useState('');
  const [open, setOpen] = useState(false);
  const found = open ? matching(all, chosen, typed) : [];
  const add = (each: string) => {
    onChange([...chosen, each]);
    setTyped('');
    document.getElementById(id)?.focus();
  };
  const left = (event: FocusEvent) =>
    !(event.currentTarget as Node).contains(event.relatedTarget as Node | null) && setOpen(false);
  const keyed = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    event.preventDefault(); // it chooses; the form is not sent by it
    if (typed && found[0]) add(found[0][0]);
  };
  return (
    <div class="field choices" onFocusOut={left}>
      <label for={id}>{legend}</label>
      <ul class="chips" hidden={chosen.length === 0}>
        {chosen.map((each) => (
          <li key={each}>
            <button
              type="button"
              aria-label={said.without(all.get(each) ?? each)}
              onClick={() => onChange(chosen.filter((it) => it !== each))}
            >
              <Name text={all.get(each) ?? each} /> <CloseIcon />
            </button>
          </li>
        ))}
      </ul>
      <input
        id={id}
        type="text"
        autocomplete="off"
        spellcheck={false}
        placeholder={chosen.length ? said.and : (placeholder ?? said.allOrSome)}
        value={typed}
        onFocus={() => setOpen(true)}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setOpen(true);
        }}
        onKeyDown={keyed}
      />
      {found.length > 0 && (
        <ul class="matches">
          {found.map(([each, name]) => (
            <li key={each}>
              <button type="button" onClick={() => add(each)}>
                <Name text={name} />
                {name !== each && <small> {each}</small>}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function matching(
  all: ReadonlyMap<string, string>,
  chosen: readonly string[],
  typed: string,
): readonly (readonly [string, string])[] {
  const wanted = fold(typed.trim());
  const found: (readonly [string, string])[] = [];
  for (const [id, name] of all) {
    if (found.length === SHOWN) break;
    if (!chosen.includes(id) && isCalled(name, id, wanted)) found.push([id, name]);
  }
  return found;
}
