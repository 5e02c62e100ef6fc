/** A button that asks once more, in its own place. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { words } from '../words';

interface Props {
  readonly children: ComponentChildren;
  readonly question: string;
  readonly yes: string;
  readonly disabled?: boolean;
  readonly onYes: () => void;
}

export function Confirm({ children, question, yes, disabled, onYes }: Props) {
  const [asking, setAsking] = useState(false);
  if (!asking)
    return (
      <button type="button" disabled={disabled} onClick={() => setAsking(true)}>
        {children}
      </button>
    );
  const answer = (done: boolean) => {
    setAsking(false);
    if (done) onYes();
  };
  return (
    <span class="confirm" role="group" aria-label={question}>
      <span>{question}</span>
      <button type="button" class="danger" ref={(button) => button?.focus()} onClick={() => answer(true)}>
        {yes}
      </button>
      <button type="button" onClick={() => answer(false)}>
        {words.value.app.keep}
      </button>
    </span>
  );
}
