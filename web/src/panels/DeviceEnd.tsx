/** What ends something of a device: its token, for a new one, and the device itself, with all that is stored of it. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { here } from '../api/call';
import { type Contents, fetchContents, removeDevice, renewToken } from '../api/devices';
import { useFreeFocus } from '../focus';
import type { Live } from '../live';
import { selected } from '../state';
import { words } from '../words';
import { Confirm } from './Confirm';
import { CopyButton } from './CopyButton';
import { listContents } from './contents';
import { Fault } from './Field';
import { TrashIcon } from './Icons';
import { readRefusal } from './refusal';

export function DeviceToken({ id }: { id: string }) {
  const said = words.value.token;
  const [token, fault] = [useSignal(''), useSignal('')];
  const renew = () =>
    renewToken(id).then(
      (made) => ([token.value, fault.value] = [made, '']),
      (error) => (fault.value = readRefusal(error).message),
    );
  const text = paste(id, token.value);
  return (
    <section class="part" aria-label={said.title}>
      <h3>{said.title}</h3>
      {token.value === '' ? (
        <p class="hint">{said.hint}</p>
      ) : (
        <div class="connect" role="status">
          <p>{said.once}</p>
          <pre>
            <code>{text}</code>
          </pre>
          <CopyButton text={text} said={said} />
        </div>
      )}
      {token.value === '' && (
        <div class="buttons">
          <Confirm question={said.really} yes={said.yes} onYes={() => void renew()}>
            {said.renew}
          </Confirm>
        </div>
      )}
      <Fault text={fault.value || undefined} />
    </section>
  );
}

/** What goes into a program that speaks the device stream. */
export function paste(id: string, token: string): string {
  return `URL    ${here('/ws/device').replace(/^http/, 'ws')}\nDEVICE ${id}\nTOKEN  ${token}`;
}

export function DeviceRemoval({ live, id, onGone }: { live: Live; id: string; onGone: () => void }) {
  const said = words.value.removal;
  const [asking, fault] = [useSignal(false), useSignal('')];
  const remove = async () => {
    try {
      await removeDevice(id);
      selected.value = null;
      onGone();
      await live.readCatalogue();
    } catch (error) {
      fault.value = readRefusal(error).message;
    }
  };
  return (
    <section class="part" aria-label={said.title}>
      <h3>{said.title}</h3>
      {asking.value ? (
        <Goes id={id} onYes={() => void remove()} onNo={() => (asking.value = false)} />
      ) : (
        <div class="buttons">
          <button type="button" onClick={() => (asking.value = true)}>
            <TrashIcon /> {said.remove}
          </button>
        </div>
      )}
      <Fault text={fault.value || undefined} />
    </section>
  );
}

/** Says what goes with it before it goes. */
function Goes({ id, onYes, onNo }: { id: string; onYes: () => void; onNo: () => void }) {
  const said = words.value.removal;
  const [found, fault] = [useSignal<Contents | null>(null), useSignal('')];
  useEffect(() => {
    fetchContents(id).then(
      (contents) => (found.value = contents),
      (error) => (fault.value = readRefusal(error).message),
    );
  }, [id]);
  if (fault.value) return <Fault text={fault.value} />;
  if (found.value === null) return <p class="hint">{said.counting}</p>;
  return (
    <div class="confirm" role="group" aria-label={said.title}>
      <p>{listContents(found.value)}</p>
      <Yes onClick={onYes} />
      <button type="button" onClick={onNo}>
        {words.value.app.keep}
      </button>
    </div>
  );
}

function Yes({ onClick }: { onClick: () => void }) {
  const button = useFreeFocus<HTMLButtonElement>();
  return (
    <button type="button" class="danger" ref={button} onClick={onClick}>
      {words.value.removal.yes}
    </button>
  );
}
