/** A device changed on the page: how it is called and looks, what it is told about, its token, and its end. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api/call';
import { changeDevice, type DeviceDetails, fetchDevice } from '../api/devices';
import type { Live } from '../live';
import { editing } from '../state';
import { words } from '../words';
import { readChange } from './change';
import { DeviceRemoval, DeviceToken } from './DeviceEnd';
import { DeviceForward } from './DeviceForward';
import { DEVICE_ICONS, DeviceIcon } from './DeviceIcons';
import { DevicePairs } from './DevicePairs';
import { DevicePhoto } from './DevicePhoto';
import { Dialogue } from './Dialogue';
import { Fault, Field } from './Field';
import { isolated } from './Name';
import { readRefusal } from './refusal';

const FIELDS = ['name', 'category', 'interval', 'color', 'icon', 'notes'];

export function DeviceForm({ live, id }: { live: Live; id: string }) {
  const device = useSignal<DeviceDetails | null>(null);
  const fault = useSignal<string | null>(null);
  useEffect(() => {
    fetchDevice(id).then(
      (found) => (device.value = found),
      (error) => (fault.value = readRefusal(error).message),
    );
  }, [id]);
  const close = () => (editing.value = null);
  const said = words.value.editing;
  return (
    <Dialogue title={said.title(isolated(device.value?.name ?? id))} onClose={close}>
      <Fault text={fault.value ?? undefined} />
      {device.value === null ? (
        !fault.value && <p class="hint">{said.reading}</p>
      ) : (
        <>
          <Form live={live} device={device.value} />
          <DevicePhoto live={live} id={id} />
          <DevicePairs live={live} id={id} />
          <DeviceForward id={id} />
          <DeviceToken id={id} />
          <DeviceRemoval live={live} id={id} onGone={close} />
        </>
      )}
    </Dialogue>
  );
}

function Form({ live, device }: { live: Live; device: DeviceDetails }) {
  const said = words.value;
  const [name, category] = [useSignal(device.name), useSignal(device.category ?? '')];
  const interval = useSignal(device.interval === null ? '' : String(device.interval));
  const [color, icon, notes] = [useSignal(device.color ?? ''), useSignal(device.icon ?? ''), useSignal(device.notes)];
  const trips = useSignal(device.trips);
  const [fault, saved] = [useSignal<ApiError | null>(null), useSignal(false)];
  const faultOf = (field: string) => (fault.value?.field === field ? fault.value.message : undefined);
  const save = async (event: Event) => {
    event.preventDefault();
    [fault.value, saved.value] = [null, false];
    const typed = { name, category, interval, color, icon, notes };
    const change = readChange(Object.fromEntries(Object.entries(typed).map(([key, each]) => [key, each.value])));
    if (change instanceof ApiError) return void (fault.value = change);
    try {
      await changeDevice(device.id, { ...change, trips: trips.value });
      await live.readCatalogue();
      saved.value = true;
    } catch (error) {
      fault.value = readRefusal(error);
    }
  };
  const type = (into: Signal<string>, field: string) => (text: string) => {
    into.value = text;
    saved.value = false;
    if (fault.value?.field === field) fault.value = null; // what is being put right is not wrong any more
  };
  return (
    <form class="form" onSubmit={(event) => void save(event)}>
      <Field
        id="edit-name"
        label={said.adding.name}
        value={name.value}
        onInput={type(name, 'name')}
        hint={said.editing.id(device.id)}
        fault={faultOf('name')}
      />
      <div class="pair">
        <Field
          id="edit-category"
          label={said.adding.category}
          value={category.value}
          onInput={type(category, 'category')}
          placeholder={said.adding.categoryHint}
          fault={faultOf('category')}
        />
        <Field
          id="edit-interval"
          label={said.adding.interval}
          value={interval.value}
          onInput={type(interval, 'interval')}
          unit="s"
          numeric
          fault={faultOf('interval')}
        />
      </div>
      <Colors picked={color} onPick={type(color, 'color')} />
      <Icons picked={icon} color={color.value || null} onPick={type(icon, 'icon')} />
      <label class="check">
        <input
          type="checkbox"
          checked={trips.value}
          aria-describedby="trips-hint"
          onChange={(event) => {
            trips.value = event.currentTarget.checked;
            saved.value = false;
          }}
        />{' '}
        {said.guard.trips}
      </label>
      <p class="hint" id="trips-hint">
        {said.guard.tripsHint}
      </p>
      <Notes notes={notes} onInput={type(notes, 'notes')} fault={faultOf('notes')} />
      {fault.value && !FIELDS.includes(fault.value.field ?? '') && <Fault text={fault.value.message} />}
      <div class="saving">
        <button type="submit" class="primary">
          {said.app.save}
        </button>
        <span role="status">{saved.value ? said.editing.saved : ''}</span>
      </div>
    </form>
  );
}

interface PickProps {
  readonly picked: Signal<string>;
  readonly onPick: (value: string) => void;
}

function Colors({ picked, onPick }: PickProps) {
  const { color, colors, none } = words.value.editing;
  const own = picked.value && !colors[picked.value] ? { [picked.value]: picked.value } : {}; // set by a program
  return (
    <fieldset class="swatches">
      <legend>{color}</legend>
      {Object.entries({ '': none, ...colors, ...own }).map(([value, text]) => (
        <label key={value} title={text}>
          <input
            type="radio"
            name="color"
            aria-label={text}
            checked={picked.value === value}
            onChange={() => onPick(value)}
          />
          <span class={value === '' ? 'swatch none' : 'swatch'} style={value === '' ? undefined : { '--own': value }} />
        </label>
      ))}
    </fieldset>
  );
}

function Icons({ picked, color, onPick }: PickProps & { color: string | null }) {
  const { icon, icons, none } = words.value.editing;
  return (
    <fieldset class="swatches">
      <legend>{icon}</legend>
      {['', ...DEVICE_ICONS].map((value) => (
        <label key={value} title={value === '' ? none : icons[value]}>
          <input
            type="radio"
            name="icon"
            aria-label={value === '' ? none : (icons[value] ?? value)}
            checked={picked.value === value}
            onChange={() => onPick(value)}
          />
          <span class={value === '' ? 'drawn none' : 'drawn'}>
            {value !== '' && <DeviceIcon icon={value} color={color} size={20} />}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Notes({
  notes,
  onInput,
  fault,
}: {
  notes: Signal<string>;
  onInput: (text: string) => void;
  fault?: string | undefined;
}) {
  const said = words.value.editing;
  return (
    <div class="field">
      <label for="edit-notes">{said.notes}</label>
      <textarea
        id="edit-notes"
        value={notes.value}
        maxLength={2000}
        aria-invalid={fault !== undefined}
        aria-describedby="edit-notes-hint"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {fault ? (
        <Fault text={fault} />
      ) : (
        <p class="hint" id="edit-notes-hint">
          {said.notesHint}
        </p>
      )}
    </div>
  );
}
