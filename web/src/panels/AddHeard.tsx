/** Names that a broker or another server says and that are no device yet: each becomes one by one click. */
import { useSignal } from '@preact/signals';
import { adopt, fetchHeard, type Heard, proposeId } from '../api/sources';
import type { Live } from '../live';
import { words } from '../words';
import { Fault } from './Field';
import { ago } from './format';
import { useLook } from './look';
import { isolated, Name } from './Name';
import { readRefusal } from './refusal';

const LOOK_MS = 5_000;
const SHOWN = 20;

export function AddHeard({ live, onDone }: { live: Live; onDone: () => void }) {
  const heard = useSignal<readonly Heard[]>([]);
  const look = () =>
    fetchHeard().then(
      (found) => (heard.value = found),
      () => {}, // who may make no devices is shown none
    );
  useLook(look, LOOK_MS, '');
  if (heard.value.length === 0) return null;
  const said = words.value.heard;
  const show = (id: string) => {
    onDone();
    live.goToDevice(id);
  };
  return (
    <section class="heard" aria-label={said.title}>
      <h3>{said.title}</h3>
      <p class="hint">{said.hint}</p>
      <ul>
        {heard.value.slice(0, SHOWN).map((each) => (
          <HeardLine heard={each} onAdopted={show} key={`${each.source} ${each.name}`} />
        ))}
      </ul>
    </section>
  );
}

/** `onAdopted`: which device the name is from now on, and how many of its positions that brought. */
export function HeardLine({ heard, onAdopted }: { heard: Heard; onAdopted: (id: string, stored: number) => void }) {
  const [id, fault] = [useSignal(proposeId(heard.name)), useSignal('')];
  const said = words.value.heard;
  const make = async (event: Event) => {
    event.preventDefault();
    try {
      onAdopted(id.value.trim(), await adopt(heard, id.value.trim()));
    } catch (error) {
      fault.value = readRefusal(error).message;
    }
  };
  return (
    <li>
      <span>
        <Name text={heard.name} />
        <small>{said.of(heard.app, ago(Date.now() - heard.lastSeen), String(heard.fixes))}</small>
      </span>
      <form onSubmit={(event) => void make(event)}>
        <input
          aria-label={said.id(isolated(heard.name))}
          value={id.value}
          autocomplete="off"
          onInput={(event) => (id.value = event.currentTarget.value)}
        />
        <button type="submit">{said.make}</button>
      </form>
      <Fault text={fault.value || undefined} />
    </li>
  );
}
