/** The code beside the password: of the app, or a recovery code, so it takes letters. */
import { Line } from './Line';
import { peopleWords } from './words';

/** `hint`: what else it takes; none while the app is being set up. */
export function CodeLine({ value, hint, onInput }: { value: string; hint?: string; onInput: (value: string) => void }) {
  return (
    <Line
      id="code"
      label={peopleWords.value.code}
      autocomplete="one-time-code"
      {...(hint === undefined ? {} : { hint })}
      first
      value={value}
      onInput={onInput}
    />
  );
}
