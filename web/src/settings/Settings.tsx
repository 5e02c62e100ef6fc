/** The keys one may press, and the language and units of this browser. */
import { useFocus } from '../focus';
import { tellLanguage } from '../people/language';
import { helpShown } from '../state';
import { chooseUnits, UNITS, units } from '../units';
import { chooseLanguage, LANGUAGES, type Language, language, words } from '../words';
import { CloseIcon } from './Icons';
import { singleKeys } from './shortcuts';

function listShortcuts(): readonly [key: string, what: string][] {
  const { app, card, help } = words.value;
  return [
    ['/', app.search],
    ['↑ ↓', help.walk],
    ['d', app.devices],
    ['g', app.geofences],
    ['f', help.follow],
    ['x', help.pick],
    [help.space, help.pickOne],
    ['⇧ ↑ ↓', help.pickOn],
    ['Ctrl A', help.pickAll],
    ['⇧ ▭', help.pickBox],
    ['v', help.views],
    ['m', card.talk],
    ['e', card.edit],
    ['a', app.showAll],
    ['t', app.lightOrDark],
    ['Ctrl Z', help.undoRedo],
    ['Esc', help.escape],
    ['?', help.help],
  ];
}

/** Letters and pushes come in it, too. */
function changeLanguage(chosen: Language): void {
  chooseLanguage(chosen);
  void tellLanguage(true);
}

export function Help() {
  const close = () => (helpShown.value = false);
  const button = useFocus<HTMLButtonElement>();
  return (
    <div class="veil" onClick={close}>
      <section
        class="help card"
        role="dialog"
        aria-modal="true"
        aria-label={words.value.help.title}
        onClick={(event) => event.stopPropagation()}
      >
        <header>
          <h2>{words.value.help.title}</h2>
          <button type="button" class="quiet" aria-label={words.value.app.close} ref={button} onClick={close}>
            <CloseIcon />
          </button>
        </header>
        <dl>
          {listShortcuts().map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <label>
          <input
            type="checkbox"
            checked={singleKeys.value}
            onChange={(event) => (singleKeys.value = event.currentTarget.checked)}
          />{' '}
          {words.value.help.singleKeys}
        </label>
        <Choice label={words.value.app.language} value={language.value} options={LANGUAGES} onChange={changeLanguage} />
        <Choice
          label={words.value.app.units}
          value={units.value}
          options={UNITS.map((each) => [each, words.value.app[each]] as const)}
          onChange={chooseUnits}
        />
      </section>
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <label class="chosen">
      {label}{' '}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map(([key, text]) => (
          <option key={key} value={key} lang={key.length === 2 ? key : undefined}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
