/** A device is added: its name, then what makes a phone or a program this device, then the moment its first fix is there. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../api/call';
import { createDevice, fetchTrack, type NewDevice, pairDevice } from '../api/devices';
import { useFirstField } from '../focus';
import type { Live } from '../live';
import { addingShown } from '../state';
import { words } from '../words';
import { AddApps } from './AddApps';
import { AddHeard } from './AddHeard';
import { AddMany } from './AddMany';
import { AddReach } from './AddReach';
import { paste } from './DeviceEnd';
import { Dialogue } from './Dialogue';
import { Fault, Field } from './Field';
import { later } from './later';
import { moveTo } from './network';
import { QrCode } from './QrCode';
import { readRefusal } from './refusal';

const Understood = later(() => import('../health/Understood').then((it) => it.Understood));
const LOOK_MS = 1_500;
const DAY_MS = 86_400_000;

export function AddDevice({ live }: { live: Live }) {
  const made = useSignal<NewDevice | null>(null);
  const close = () => {
    addingShown.value = false;
    made.value = null;
  };
  return (
    <Dialogue title={words.value.adding.title} onClose={close}>
      {made.value === null ? (
        <>
          <Name onMade={(device) => (made.value = device)} />
          <AddMany onLeave={close} />
          <AddHeard live={live} onDone={close} />
        </>
      ) : (
        <Connect live={live} device={made.value} onDone={close} />
      )}
    </Dialogue>
  );
}

function Name({ onMade }: { onMade: (device: NewDevice) => void }) {
  const [name, category, interval] = [useSignal(''), useSignal(''), useSignal('')];
  const fault = useSignal<ApiError | null>(null);
  const form = useFirstField();
  const faultOf = (field: string) => (fault.value?.field === field ? fault.value.message : undefined);
  const save = async (event: Event) => {
    event.preventDefault();
    const seconds = Number(interval.value.replace(',', '.'));
    try {
      onMade(await createDevice(name.value.trim(), category.value.trim(), interval.value === '' ? null : seconds));
    } catch (error) {
      fault.value = readRefusal(error);
    }
  };
  const said = words.value.adding;
  return (
    <form class="form" ref={form} onSubmit={(event) => void save(event)}>
      <Field
        id="device-name"
        label={said.name}
        value={name.value}
        onInput={(text) => (name.value = text)}
        fault={faultOf('name')}
      />
      <Field
        id="device-category"
        label={said.category}
        value={category.value}
        onInput={(text) => (category.value = text)}
        placeholder={said.categoryHint}
        fault={faultOf('category')}
      />
      <Field
        id="device-interval"
        label={said.interval}
        value={interval.value}
        onInput={(text) => (interval.value = text)}
        unit="s"
        hint={said.intervalHint}
        numeric
        fault={faultOf('interval')}
      />
      {fault.value && !['name', 'category', 'interval'].includes(fault.value.field ?? '') && (
        <Fault text={fault.value.message} />
      )}
      <button type="submit" class="primary">
        {said.add}
      </button>
    </form>
  );
}

function Connect({ live, device, onDone }: { live: Live; device: NewDevice; onDone: () => void }) {
  const [paired, origin] = [useSignal(''), useSignal('')];
  const url = paired.value === '' ? '' : moveTo(paired.value, origin.value);
  const fault = useSignal('');
  const ask = () =>
    pairDevice(device.id).then(
      (pairing) => (paired.value = pairing.url),
      (error) => (fault.value = (error as Error).message),
    );
  useEffect(() => void ask(), []);
  const said = words.value.adding;
  return (
    <div class="connect">
      <Arrival live={live} device={device} onDone={onDone} />
      {url && <AddReach url={url} origin={origin.value} onChoose={(chosen) => (origin.value = chosen)} />}
      {url && (
        <figure>
          <QrCode text={url} label={said.scan} />
          <figcaption>{said.scan}</figcaption>
        </figure>
      )}
      {url && (
        <p class="link">
          <a href={url} target="_blank" rel="noreferrer">
            {said.openHere}
          </a>
        </p>
      )}
      <Fault text={fault.value || undefined} />
      <AddApps id={device.id} origin={origin.value} />
      <details>
        <summary>{said.program}</summary>
        <p class="hint">{said.tokenOnce}</p>
        <pre>
          <code>{paste(device.id, device.token)}</code>
        </pre>
      </details>
    </div>
  );
}

/** Says the moment the first position is there. The server is asked: the map may look elsewhere than the phone is. */
function Arrival({ live, device, onDone }: { live: Live; device: NewDevice; onDone: () => void }) {
  const isThere = useSignal(false);
  useEffect(() => {
    const begin = new Date(Date.now() - DAY_MS);
    const timer = setInterval(() => {
      if (!isThere.value)
        void fetchTrack(device.id, begin, 2).then(
          (found) => (isThere.value = found.length > 0),
          () => {},
        );
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [device.id]);
  const show = () => {
    onDone();
    live.goToDevice(device.id);
  };
  return (
    <>
      <p class={isThere.value ? 'arrival there' : 'arrival'} role="status">
        {isThere.value ? words.value.adding.arrived : words.value.adding.waiting}
        {isThere.value && (
          <button type="button" class="primary" onClick={show}>
            {words.value.adding.show}
          </button>
        )}
      </p>
      {isThere.value && <Understood id={device.id} />}
    </>
  );
}
