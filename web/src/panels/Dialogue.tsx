/** A dialogue over the page: closed by its button, by Escape, and by a click beside it. */
import type { ComponentChildren } from 'preact';
import { words } from '../words';
import { CloseIcon } from './Icons';

export function Dialogue(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const { title, onClose, children } = props;
  return (
    <div class="veil" onClick={onClose} onKeyDown={(event) => event.key === 'Escape' && onClose()}>
      <section
        class="adding card"
        role="dialog"
        aria-modal="true"
        aria-label={title}
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
