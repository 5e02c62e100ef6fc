/** The views one keeps: opened, named anew, removed; and what is looked at now, kept under a name. */
import { useSignal } from '@preact/signals';
import type { SavedView } from '../api/views';
import { useFocus } from '../focus';
import type { Live } from '../live';
import { Confirm } from '../panels/Confirm';
import { Fault } from '../panels/Field';
import { BookmarkIcon, CloseIcon, PencilIcon, TrashIcon } from '../panels/Icons';
import { isolated, Name } from '../panels/Name';
import { readRefusal } from '../panels/refusal';
import { me, query, viewsShown } from '../state';
import { words } from '../words';
import { describeView, findViews, openView, readViews, shelf, views } from './views';
import '../styles/views.css';

export function SavedViews({ live }: { live: Live }) {
  const said = words.value.views;
  const fault = useSignal('');
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      await readViews();
      fault.value = '';
    } catch (error) {
      fault.value = readRefusal(error).message;
    }
    return fault.value === '';
  };
  const close = () => (viewsShown.value = false);
  return (
    <section class="views-kept" aria-label={said.title}>
      <header>
        <h2>{said.title}</h2>
        <button type="button" class="quiet" aria-label={words.value.app.close} onClick={close}>
          <CloseIcon />
        </button>
      </header>
      {views.value.length === 0 && <p class="hint">{said.none}</p>}
      <ul>
        {views.value.map((view) => (
          <Kept key={view.id} live={live} view={view} onTry={attempt} />
        ))}
      </ul>
      <Keep onKeep={(name) => attempt(() => shelf().keep(name, describeView(live)))} />
      <Fault text={fault.value || undefined} />
      <p class="hint">{me.value?.person == null ? said.inBrowser : said.onServer}</p>
    </section>
  );
}

type Try = (work: () => Promise<void>) => Promise<boolean>;

function Kept({ live, view, onTry }: { live: Live; view: SavedView; onTry: Try }) {
  const said = words.value.views;
  const isNamed = useSignal(false);
  const rename = async (name: string) => {
    const isDone = await onTry(() => shelf().rename(view.id, name));
    if (isDone) isNamed.value = false;
    return isDone;
  };
  if (isNamed.value)
    return (
      <li>
        <NameForm
          id={`view-${view.id}`}
          label={said.newName}
          value={view.name}
          button={words.value.app.save}
          onDone={rename}
        />
      </li>
    );
  return (
    <li>
      <OpenView live={live} view={view} />
      <button
        type="button"
        class="quiet"
        aria-label={said.rename(isolated(view.name))}
        onClick={() => (isNamed.value = true)}
      >
        <PencilIcon />
      </button>
      <Confirm
        question={said.really}
        yes={words.value.app.delete}
        onYes={() => void onTry(() => shelf().remove(view.id))}
      >
        <span class="unseen">{said.remove(isolated(view.name))}</span>
        <TrashIcon />
      </Confirm>
    </li>
  );
}

function OpenView({ live, view }: { live: Live; view: SavedView }) {
  return (
    <button type="button" class="open" onClick={() => openView(live, view)}>
      <BookmarkIcon />
      <Name text={view.name} />
    </button>
  );
}

/** Those whose name is typed in the search; one that is opened has filters of its own, and what was typed is gone. */
export function FoundViews({ live }: { live: Live }) {
  const found = findViews(query.value);
  if (found.length === 0) return null;
  return (
    <ul class="views-found" aria-label={words.value.views.title}>
      {found.map((view) => (
        <li key={view.id}>
          <OpenView live={live} view={view} />
        </li>
      ))}
    </ul>
  );
}

function Keep({ onKeep }: { onKeep: (name: string) => Promise<boolean> }) {
  const said = words.value.views;
  return <NameForm id="view-new" label={said.name} value="" button={said.keep} onDone={onKeep} isFirst />;
}

interface NameFormProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly button: string;
  readonly isFirst?: boolean;
  readonly onDone: (name: string) => Promise<boolean>;
}

function NameForm({ id, label, value, button, isFirst = false, onDone }: NameFormProps) {
  const name = useSignal(value);
  const field = useFocus<HTMLInputElement>(!isFirst || views.peek().length === 0);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (name.peek().trim() !== '' && (await onDone(name.peek().trim()))) name.value = '';
  };
  return (
    <form class="one" onSubmit={(event) => void submit(event)}>
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={field}
        maxLength={200}
        autocomplete="off"
        dir="auto"
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
      <button type="submit" class="primary" disabled={name.value.trim() === ''}>
        {button}
      </button>
    </form>
  );
}
