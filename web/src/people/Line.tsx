/** A line of the door and the account, which browsers and password keepers may fill in. */
import { useFocus } from '../focus';

interface Props {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly type?: 'text' | 'email' | 'password';
  readonly autocomplete: string;
  readonly hint?: string;
  readonly wrong?: boolean;
  readonly first?: boolean;
  readonly onInput: (value: string) => void;
}

export function Line({ id, label, value, type = 'text', autocomplete, hint, wrong = false, first, onInput }: Props) {
  const input = useFocus<HTMLInputElement>(first ?? false); // autofocus counts once in a document
  return (
    <div class="line">
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={input}
        type={type as 'text'}
        autocomplete={autocomplete as 'off'}
        spellcheck={false}
        required
        autofocus={first ?? false}
        value={value}
        aria-invalid={wrong}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
