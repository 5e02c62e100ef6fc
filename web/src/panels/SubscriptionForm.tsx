/** The form of a subscription: what, when, by which channel. */
import { useMemo } from 'preact/hooks';
import type { Desk } from '../alerts/desk';
import { CHANNELS, DAYS, TYPES, usualQuiet, type WishDraft } from '../alerts/wish';
import type { Live } from '../live';
import { peopleWords } from '../people/words';
import { geofenceNames, mayManage, me } from '../state';
import { Choices } from './Choices';
import { Fault, Field, Group, useFaultsInSight } from './Field';

const OWN_CHANNELS: readonly string[] = ['email', 'webpush'];

interface Props {
  readonly desk: Desk;
  readonly draft: WishDraft;
}

export function SubscriptionForm({ live, desk, draft }: Props & { live: Live }) {
  const { devices } = live.feed;
  const names = useMemo(
    () => new Map(devices.id.map((id, row) => [id, devices.name[row]!] as const).filter(([id]) => id)),
    [devices.namesVersion],
  );
  const faults = desk.faults.value;
  const form = useFaultsInSight(faults);
  const submit = (event: Event) => {
    event.preventDefault();
    void desk.save();
  };
  return (
    <section class="alerts" aria-label={draft.id === null ? 'New subscription' : 'Edit subscription'}>
      <form class="form" ref={form} onSubmit={submit} noValidate>
        <h2>{draft.id === null ? 'New subscription' : 'Edit subscription'}</h2>
        <Field
          id="wish-name"
          label="Name"
          value={draft.name}
          fault={faults['name']}
          onInput={(name) => desk.change({ name })}
        />
        <Whose desk={desk} draft={draft} />
        <ChannelFields desk={desk} draft={draft} />
        <Types desk={desk} draft={draft} />
        <Choices
          id="wish-geofences"
          legend="Geofences"
          all={geofenceNames.value}
          chosen={draft.geofences}
          onChange={(geofences) => desk.change({ geofences })}
        />
        <Choices
          id="wish-devices"
          legend="Devices"
          all={names}
          chosen={draft.devices}
          onChange={(chosen) => desk.change({ devices: chosen })}
        />
        <QuietFields desk={desk} draft={draft} />
        <div class="pair">
          <Field
            id="wish-cooldown"
            label="One alert in"
            unit="min"
            numeric
            placeholder="no limit"
            value={draft.cooldown}
            fault={faults['cooldown']}
            hint="of a device and geofence"
            onInput={(cooldown) => desk.change({ cooldown })}
          />
          <Field
            id="wish-group"
            label="Gather for"
            unit="s"
            numeric
            placeholder="no"
            value={draft.group}
            fault={faults['group']}
            hint="into one message"
            onInput={(group) => desk.change({ group })}
          />
        </div>
        <Fault text={faults['form'] ?? faults['types'] ?? faults['geofences'] ?? faults['devices']} />
        <footer>
          <button type="submit" class="primary" disabled={desk.busy.value}>
            {desk.busy.value ? 'Saving…' : 'Save'}
          </button>
          <button type="button" class="secondary" onClick={() => desk.giveUp()}>
            Cancel
          </button>
        </footer>
      </form>
    </section>
  );
}

/** Who manages nothing makes only one's own, and is not asked. */
function Whose({ desk, draft }: Props) {
  if (draft.id !== null || !mayManage.value || me.value?.person == null) return null;
  const toggle = (personal: boolean) => desk.change({ personal, kind: personal ? 'email' : 'webhook' });
  return (
    <label class="check">
      <input type="checkbox" checked={draft.personal} onChange={(event) => toggle(event.currentTarget.checked)} />{' '}
      {peopleWords.value.onlyMine}
    </label>
  );
}

function ChannelFields({ desk, draft }: Props) {
  const faults = desk.faults.value;
  const offered = CHANNELS.filter(([id]) => !draft.personal || OWN_CHANNELS.includes(id));
  const kinds = offered.some(([id]) => id === draft.kind)
    ? offered
    : [...offered, [draft.kind, draft.kind, ''] as const];
  return (
    <Group legend="How">
      {kinds.map(([id, name, text]) => (
        <label key={id} class="choice">
          <input
            type="radio"
            name="channel"
            value={id}
            checked={draft.kind === id}
            onChange={() => desk.change({ kind: id })}
          />
          <span>
            <b>{name}</b> {text}
          </span>
        </label>
      ))}
      <Fault text={faults['kind']} />
      {draft.kind === 'webhook' && (
        <Field
          id="wish-url"
          label="Address"
          type="url"
          placeholder="https://example.org/hooks/tracker"
          value={draft.url}
          fault={faults['url']}
          onInput={(url) => desk.change({ url })}
        />
      )}
      {draft.kind === 'email' && draft.personal && <p class="hint">{peopleWords.value.toMyAddress}</p>}
      {draft.kind === 'email' && !draft.personal && (
        <Field
          id="wish-to"
          label="To"
          placeholder="ada@example.org, bob@example.org"
          value={draft.to}
          fault={faults['to']}
          onInput={(to) => desk.change({ to })}
        />
      )}
      {draft.kind === 'mqtt' && (
        <Field
          id="wish-topic"
          label="Topic"
          placeholder="tracker/{device}/{type}"
          value={draft.topic}
          fault={faults['topic']}
          onInput={(topic) => desk.change({ topic })}
        />
      )}
    </Group>
  );
}

function Types({ desk, draft }: Props) {
  const toggle = (id: string, on: boolean) =>
    desk.change({ types: on ? [...draft.types, id] : draft.types.filter((each) => each !== id) });
  return (
    <Group legend="Told when a device">
      <div class="checks">
        {TYPES.map(([id, text]) => (
          <label key={id} class="check">
            <input
              type="checkbox"
              checked={draft.types.includes(id)}
              onChange={(event) => toggle(id, event.currentTarget.checked)}
            />{' '}
            {text}
          </label>
        ))}
      </div>
      {draft.types.length === 0 && <p class="hint">None is chosen: everything is told.</p>}
    </Group>
  );
}

function QuietFields({ desk, draft }: Props) {
  const { quiet } = draft;
  const set = (part: Partial<NonNullable<WishDraft['quiet']>>) =>
    quiet && desk.change({ quiet: { ...quiet, ...part } });
  const days = quiet?.days ?? DAYS.map(([id]) => id);
  const toggle = (id: string, on: boolean) => {
    const left = DAYS.map(([each]) => each).filter((each) => (each === id ? on : days.includes(each)));
    set({ days: left.length === DAYS.length ? null : left });
  };
  return (
    <Group legend="Quiet hours">
      <label class="check">
        <input
          type="checkbox"
          checked={quiet !== null}
          onChange={(event) => desk.change({ quiet: event.currentTarget.checked ? usualQuiet() : null })}
        />{' '}
        Not at all hours
      </label>
      {quiet && (
        <div class="quiet-hours">
          <div class="pair">
            <Field
              id="quiet-from"
              label="Quiet from"
              type="time"
              value={quiet.from}
              onInput={(from) => set({ from })}
            />
            <Field id="quiet-to" label="to" type="time" value={quiet.to} onInput={(to) => set({ to })} />
          </div>
          <Field id="quiet-zone" label="By the clocks of" value={quiet.zone} onInput={(zone) => set({ zone })} />
          <div class="days">
            {DAYS.map(([id, text]) => (
              <label key={id} class="check">
                <input
                  type="checkbox"
                  checked={days.includes(id)}
                  onChange={(event) => toggle(id, event.currentTarget.checked)}
                />
                {text}
              </label>
            ))}
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={quiet.then === 'hold'}
              onChange={(event) => set({ then: event.currentTarget.checked ? 'hold' : 'drop' })}
            />{' '}
            Send what came meanwhile when they end
          </label>
        </div>
      )}
      <Fault text={desk.faults.value['quiet']} />
    </Group>
  );
}
