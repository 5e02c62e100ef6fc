/** One line of a form: its name, what is typed, and what is wrong with it beside it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly unit?: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly type?: 'text' | 'url' | 'time';
  readonly placeholder?: string;
  readonly numeric?: boolean;
}

export function Field({ id, label, value, onInput, unit, hint, fault, type = 'text', placeholder, numeric }: Props) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class={unit ? 'with-unit' : undefined}>
        <input
          id={id}
          type={type as 'text'}
          value={value}
          placeholder={placeholder}
          autocomplete="off"
          spellcheck={false}
          inputMode={numeric ? 'decimal' : 'text'}
          aria-invalid={fault !== undefined}
          aria-describedby={fault ? `${id}-fault` : hint ? `${id}-hint` : undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        {unit && (
          <span class="unit" aria-hidden="true">
            {unit}
          </span>
        )}
      </div>
      {fault ? (
        <Fault id={`${id}-fault`} text={fault} />
      ) : (
        hint && (
          <p class="hint" id={`${id}-hint`}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}

export function Fault({ id, text }: { id?: string; text: string | undefined }) {
  return text ? (
    <p class="fault" role="alert" id={id}>
      {text}
    </p>
  ) : null;
}

export function Group({ legend, children }: { legend: string; children: ComponentChildren }) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

/** For a form: what was refused comes into sight. */
export function useFaultsInSight(faults: object) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(
    () => form.current?.querySelector('[aria-invalid="true"], .fault')?.scrollIntoView({ block: 'center' }),
    [faults],
  );
  return form;
}
