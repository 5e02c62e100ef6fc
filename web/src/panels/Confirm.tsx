/** A button that asks once more, in its own place. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useFocus } from '../focus';
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
      <Yes onClick={() => answer(true)}>{yes}</Yes>
      <button type="button" onClick={() => answer(false)}>
        {words.value.app.keep}
      </button>
    </span>
  );
}

/** Has the keyboard as it comes up and not with each render after it: who has gone on to the other button presses that one. */
function Yes({ children, onClick }: { children: ComponentChildren; onClick: () => void }) {
  const button = useFocus<HTMLButtonElement>();
  return (
    <button type="button" class="danger" ref={button} onClick={onClick}>
      {children}
    </button>
  );
}
