/** One's password, once more: what is done here a browser left open is not enough for. */
import { Line } from './Line';
import { peopleWords } from './words';

interface Props {
  readonly id: string;
  readonly label?: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

export function CurrentPassword({ id, label, value, onInput }: Props) {
  return (
    <Line
      id={id}
      label={label ?? peopleWords.value.password}
      type="password"
      autocomplete="current-password"
      value={value}
      onInput={onInput}
    />
  );
}
