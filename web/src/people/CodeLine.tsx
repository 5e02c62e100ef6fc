/** The code beside the password: of the app, or a recovery code, so it takes letters. */
import { Line } from './Line';
import { peopleWords } from './words';

export function CodeLine({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  const said = peopleWords.value;
  return (
    <Line
      id="code"
      label={said.code}
      autocomplete="one-time-code"
      hint={said.codeHint}
      first
      value={value}
      onInput={onInput}
    />
  );
}
