/** A dialogue over the page: closed by its button, by Escape, and by a click beside it. It keeps the keyboard in itself. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { words } from '../words';
import { CloseIcon } from './Icons';

const REACHED = 'a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, [tabindex="0"]';

export function Dialogue(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const { title, onClose, children } = props;
  const box = useRef<HTMLElement>(null);
  const [before] = useState(() => document.activeElement); // what is inside takes the focus before an effect here runs
  useLayoutEffect(() => {
    if (!box.current?.contains(document.activeElement)) box.current?.focus();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  const keyed = (event: KeyboardEvent) => {
    if (event.key === 'Tab') return stayIn(box.current!, event);
    if (event.key !== 'Escape') return;
    event.stopPropagation(); // one thing at a time: what is chosen behind it stays
    onClose();
  };
  return (
    <div class="veil" onClick={onClose} onKeyDown={keyed}>
      <section
        class="adding card"
        role="dialog"
        aria-modal="true"
        aria-label={title}
        tabIndex={-1}
        ref={box}
        onClick={(event) => event.stopPropagation()}
      >
        <header>
          <h2>{title}</h2>
          <button type="button" class="quiet" aria-label={words.value.app.close} onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </section>
    </div>
  );
}

function stayIn(box: HTMLElement, event: KeyboardEvent): void {
  const reached = [...box.querySelectorAll<HTMLElement>(REACHED)].filter((each) => each.offsetParent !== null);
  const [first, last] = [reached[0], reached.at(-1)];
  const at = document.activeElement;
  if (event.shiftKey ? at === first || at === box : at === last) {
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }
}
