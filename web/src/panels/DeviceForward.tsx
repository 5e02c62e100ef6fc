/** Whether a device's fixes go on to another server: set, how it goes, and ended. */
import { useSignal } from '@preact/signals';
import type { ApiError } from '../api/call';
import { endForward, type Forward, type ForwardKind, fetchForward, putForward } from '../api/forwards';
import { sayIn } from '../refusals/say';
import { words } from '../words';
import { Confirm } from './Confirm';
import { Fault, Field } from './Field';
import { count } from './format';
import { useLook } from './look';
import { tryAll } from './refusal';

const LOOK_MS = 5_000;

export function DeviceForward({ id }: { id: string }) {
  const said = words.value.forward;
  const [forward, fault] = [useSignal<Forward | null>(null), useSignal<ApiError | null>(null)];
  const read = () =>
    fetchForward(id).then(
      (found) => (forward.value = found),
      () => {}, // it is asked again
    );
  const change = (work: () => Promise<void>) => tryAll(fault, work, read);
  useLook(read, LOOK_MS, id);
  return (
    <section class="part" aria-label={said.title}>
      <h3>{said.title}</h3>
      {forward.value === null ? (
        <Wish fault={fault.value} onSave={(wish) => void change(() => putForward(id, wish))} />
      ) : (
        <>
          <How forward={forward.value} />
          <div class="buttons">
            <Confirm question={said.really} yes={said.end} onYes={() => void change(() => endForward(id))}>
              {said.end}
            </Confirm>
          </div>
        </>
      )}
    </section>
  );
}

function How({ forward }: { forward: Forward }) {
  const said = words.value.forward;
  const { host } = new URL(forward.url);
  return (
    <>
      <p class="hint">{said.goes(host, count(forward.sent))}</p>
      {forward.state === 'sending' && <p class="hint">{said.behind(count(forward.behind))}</p>}
      {forward.state === 'failing' && <p class="warning">{said.failing(sayIn(forward.error ?? ''))}</p>}
    </>
  );
}

function Wish(props: { fault: ApiError | null; onSave: (wish: Parameters<typeof putForward>[1]) => void }) {
  const said = words.value.forward;
  const kind = useSignal<ForwardKind>('owntracks');
  const [url, name, secret] = [useSignal(''), useSignal(''), useSignal('')];
  const faultOf = (field: string) => (props.fault?.field === field ? props.fault.message : undefined);
  const save = (event: Event) => {
    event.preventDefault();
    const wish = { kind: kind.value, url: url.value.trim(), name: name.value.trim() || null };
    props.onSave({ ...wish, secret: secret.value || null });
  };
  return (
    <details>
      <summary>{said.none}</summary>
      <form class="form" onSubmit={save}>
        <div class="field">
          <label for="forward-kind">{said.kind}</label>
          <select
            id="forward-kind"
            value={kind.value}
            onChange={(event) => (kind.value = event.currentTarget.value as ForwardKind)}
          >
            <option value="owntracks">OwnTracks</option>
            <option value="tracker">Tracker</option>
          </select>
        </div>
        <Field
          id="forward-url"
          label={said.url}
          type="url"
          value={url.value}
          onInput={(text) => (url.value = text)}
          fault={faultOf('url')}
        />
        <Field
          id="forward-name"
          label={said.name}
          value={name.value}
          onInput={(text) => (name.value = text)}
          hint={said.nameHint}
          fault={faultOf('name')}
        />
        <Field
          id="forward-secret"
          label={kind.value === 'tracker' ? said.token : said.password}
          value={secret.value}
          onInput={(text) => (secret.value = text)}
          fault={faultOf('secret')}
        />
        {props.fault && !['url', 'name', 'secret'].includes(props.fault.field ?? '') && (
          <Fault text={props.fault.message} />
        )}
        <button type="submit" class="primary">
          {said.begin}
        </button>
      </form>
    </details>
  );
}
