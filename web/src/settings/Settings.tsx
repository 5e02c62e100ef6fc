/** Language and units of this browser, and the keys one may press. */

import { Dialogue } from '../panels/Dialogue';
import { singleKeys } from '../panels/shortcuts';
import { tellLanguage } from '../people/language';
import { settingsShown } from '../state';
import { chooseUnits, UNITS, units } from '../units';
import { chooseLanguage, LANGUAGES, type Language, language, words } from '../words';
import { settingWords } from './words';
import '../styles/settings.css';

export function Settings() {
  const said = settingWords.value;
  return (
    <Dialogue title={said.title} onClose={() => (settingsShown.value = false)}>
      <div class="settings">
        <Choice label={said.language} value={language.value} options={LANGUAGES} onChange={changeLanguage} />
        <Choice
          label={said.units}
          value={units.value}
          options={UNITS.map((each) => [each, said[each]] as const)}
          onChange={chooseUnits}
        />
        <Keys />
      </div>
    </Dialogue>
  );
}

/** Letters and pushes come in it, too. */
function changeLanguage(chosen: Language): void {
  chooseLanguage(chosen);
  void tellLanguage(true);
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
      {label}
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

/** Folded where there is probably no keyboard. */
function Keys() {
  const said = settingWords.value;
  return (
    <details open={matchMedia('(hover: hover)').matches}>
      <summary>{said.keys}</summary>
      <label>
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => (singleKeys.value = event.currentTarget.checked)}
        />{' '}
        {said.singleKeys}
      </label>
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
    </details>
  );
}

function listShortcuts(): readonly [key: string, what: string][] {
  const { app, card } = words.value;
  const said = settingWords.value;
  return [
    ['/', app.search],
    ['↑ ↓', said.walk],
    ['d', app.devices],
    ['g', app.geofences],
    ['f', said.follow],
    ['x', said.pick],
    [said.space, said.pickOne],
    ['⇧ ↑ ↓', said.pickOn],
    ['Ctrl A', said.pickAll],
    ['⇧ ▭', said.pickBox],
    ['v', said.views],
    ['m', card.talk],
    ['e', card.edit],
    ['a', app.showAll],
    ['t', app.lightOrDark],
    ['Ctrl Z', said.undoRedo],
    ['Esc', said.escape],
    ['?', said.settings],
  ];
}
