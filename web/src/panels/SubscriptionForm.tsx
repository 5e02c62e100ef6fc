/** The form of a subscription: what, when, by which channel; the whole of it as a sentence. */
import { useMemo } from 'preact/hooks';
import type { Desk } from '../alerts/desk';
import { sayRule } from '../alerts/rule';
import { changeKind, ruleOf, TYPES, type WishDraft } from '../alerts/wish';
import type { Live } from '../live';
import { peopleWords } from '../people/words';
import { geofenceNames, mayManage, me } from '../state';
import { words } from '../words';
import { ChannelFields } from './ChannelFields';
import { Choices } from './Choices';
import { useDeviceNames } from './deviceNames';
import { namesOf } from './EventFeed';
import { Fault, Field, Group, useFaultsInSight } from './Field';
import { QuietFields } from './QuietFields';
import { TripsHint } from './TripsHint';

interface Props {
  readonly desk: Desk;
  readonly draft: WishDraft;
}

export function SubscriptionForm({ live, desk, draft }: Props & { live: Live }) {
  const faults = desk.faults.value;
  const form = useFaultsInSight(faults);
  const said = words.value.alerts;
  const title = draft.id === null ? said.new : said.edit;
  const submit = (event: Event) => {
    event.preventDefault();
    void desk.save();
  };
  return (
    <section class="alerts" aria-label={title}>
      <form class="form" ref={form} onSubmit={submit} noValidate>
        <h2>{title}</h2>
        <p class="rule">{sayRule(ruleOf(draft), namesOf(live))}</p>
        <Field
          id="wish-name"
          label={said.form.name}
          value={draft.name}
          fault={faults['name']}
          onInput={(name) => desk.change({ name })}
        />
        <Whose desk={desk} draft={draft} />
        <ChannelFields desk={desk} draft={draft} />
        <Types desk={desk} draft={draft} />
        <TripsHint live={live} draft={draft} />
        <Filters live={live} desk={desk} draft={draft} />
        <QuietFields desk={desk} draft={draft} />
        <Limits desk={desk} draft={draft} />
        <Fault
          text={faults['form'] ?? faults['types'] ?? faults['geofences'] ?? faults['devices'] ?? faults['categories']}
        />
        <footer>
          <button type="submit" class="primary" disabled={desk.busy.value}>
            {desk.busy.value ? words.value.app.saving : words.value.app.save}
          </button>
          <button type="button" class="secondary" onClick={() => desk.giveUp()}>
            {words.value.app.cancel}
          </button>
        </footer>
      </form>
    </section>
  );
}

/** Who manages nothing makes only one's own, and is not asked. */
function Whose({ desk, draft }: Props) {
  if (draft.id !== null || !mayManage.value || me.value?.person == null) return null;
  const toggle = (personal: boolean) => desk.change(changeKind(draft, personal ? 'email' : 'webhook', personal));
  return (
    <label class="check">
      <input type="checkbox" checked={draft.personal} onChange={(event) => toggle(event.currentTarget.checked)} />{' '}
      {peopleWords.value.onlyMine}
    </label>
  );
}

function Types({ desk, draft }: Props) {
  const said = words.value.alerts.form;
  const toggle = (id: string, on: boolean) =>
    desk.change({ types: on ? [...draft.types, id] : draft.types.filter((each) => each !== id) });
  return (
    <Group legend={said.when}>
      <div class="checks">
        {TYPES.map((id) => (
          <label key={id} class="check">
            <input
              type="checkbox"
              checked={draft.types.includes(id)}
              onChange={(event) => toggle(id, event.currentTarget.checked)}
            />{' '}
            {said.types[id]}
          </label>
        ))}
      </div>
      {draft.types.length === 0 && <p class="hint">{said.everything}</p>}
    </Group>
  );
}

function Filters({ live, desk, draft }: Props & { live: Live }) {
  const { devices } = live.feed;
  const said = words.value.alerts.form;
  const names = useDeviceNames(devices);
  const categories = useMemo(() => {
    const found = devices.category.filter((each, row) => each && devices.id[row]);
    return new Map(found.map((each) => [each!, each!]));
  }, [devices.namesVersion]);
  return (
    <>
      <Choices
        id="wish-geofences"
        legend={said.geofences}
        all={geofenceNames.value}
        chosen={draft.geofences}
        onChange={(geofences) => desk.change({ geofences })}
      />
      <Choices
        id="wish-devices"
        legend={said.devices}
        all={names}
        chosen={draft.devices}
        onChange={(chosen) => desk.change({ devices: chosen })}
      />
      {(categories.size > 0 || draft.categories.length > 0) && (
        <Choices
          id="wish-categories"
          legend={said.categories}
          all={categories}
          chosen={draft.categories}
          onChange={(chosen) => desk.change({ categories: chosen })}
        />
      )}
    </>
  );
}

function Limits({ desk, draft }: Props) {
  const faults = desk.faults.value;
  const said = words.value.alerts.form;
  return (
    <div class="pair">
      <Field
        id="wish-cooldown"
        label={said.cooldown}
        unit="min"
        numeric
        placeholder={said.noLimit}
        value={draft.cooldown}
        fault={faults['cooldown']}
        hint={said.cooldownHint}
        onInput={(cooldown) => desk.change({ cooldown })}
      />
      <Field
        id="wish-group"
        label={said.group}
        unit="s"
        numeric
        placeholder={said.no}
        value={draft.group}
        fault={faults['group']}
        hint={said.groupHint}
        onInput={(group) => desk.change({ group })}
      />
    </div>
  );
}
