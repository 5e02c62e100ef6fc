/** By which way somebody is told, and in which form a webhook says it. */
import type { Desk } from '../alerts/desk';
import { PRESETS, presetOf } from '../alerts/templates';
import { CHANNELS, changeKind, mayChooseLanguage, type WishDraft } from '../alerts/wish';
import { peopleWords } from '../people/words';
import { LANGUAGES, words } from '../words';
import { Fault, Field, Group } from './Field';

const OWN_CHANNELS: readonly string[] = ['email', 'webpush'];

interface Props {
  readonly desk: Desk;
  readonly draft: WishDraft;
}

export function ChannelFields({ desk, draft }: Props) {
  const said = words.value.alerts.form;
  const offered = CHANNELS.filter((id) => !draft.personal || OWN_CHANNELS.includes(id));
  const kinds = offered.includes(draft.kind) ? offered : [...offered, draft.kind];
  return (
    <Group legend={said.how}>
      {kinds.map((id) => {
        const [name, text] = said.channels[id] ?? [id, ''];
        return (
          <label key={id} class="choice">
            <input
              type="radio"
              name="channel"
              value={id}
              checked={draft.kind === id}
              onChange={() => desk.change(changeKind(draft, id))}
            />
            <span>
              <b>{name}</b> {text}
            </span>
          </label>
        );
      })}
      <Fault text={desk.faults.value['kind']} />
      <Where desk={desk} draft={draft} />
      {mayChooseLanguage(draft) && <WrittenIn desk={desk} draft={draft} />}
    </Group>
  );
}

function Where({ desk, draft }: Props) {
  const faults = desk.faults.value;
  const said = words.value.alerts.form;
  if (draft.kind === 'webhook') return <Webhook desk={desk} draft={draft} />;
  if (draft.kind === 'email' && draft.personal) return <p class="hint">{peopleWords.value.toMyAddress}</p>;
  if (draft.kind === 'email')
    return (
      <Field
        id="wish-to"
        label={said.to}
        placeholder="ada@example.org, bob@example.org"
        value={draft.to}
        fault={faults['to']}
        onInput={(to) => desk.change({ to })}
      />
    );
  if (draft.kind === 'mqtt')
    return (
      <Field
        id="wish-topic"
        label={said.topic}
        placeholder="tracker/{device}/{type}"
        value={draft.topic}
        fault={faults['topic']}
        onInput={(topic) => desk.change({ topic })}
      />
    );
  return null;
}

function WrittenIn({ desk, draft }: Props) {
  const said = words.value.alerts.form;
  return (
    <div class="field">
      <label for="wish-language">{said.language}</label>
      <select
        id="wish-language"
        value={draft.language}
        onChange={(event) => desk.change({ language: event.currentTarget.value })}
      >
        <option value="">{said.languageOfReader}</option>
        {LANGUAGES.map(([id, name]) => (
          <option key={id} value={id} lang={id}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function Webhook({ desk, draft }: Props) {
  const faults = desk.faults.value;
  const said = words.value.alerts.form;
  const preset = presetOf(draft.template);
  const choose = (id: string) =>
    desk.change({ template: PRESETS.find((each) => each.id === id)?.template ?? OWN[id]! });
  return (
    <>
      <Field
        id="wish-url"
        label={said.address}
        type="url"
        placeholder={PRESETS.find((each) => each.id === preset)?.address ?? 'https://example.org/hooks/tracker'}
        value={draft.url}
        fault={faults['url']}
        onInput={(url) => desk.change({ url })}
      />
      <div class="field">
        <label for="wish-form">{said.form}</label>
        <select id="wish-form" value={preset} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">{said.signed}</option>
          {PRESETS.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          <option value="own">{said.own}</option>
        </select>
      </div>
      {draft.template !== '' && (
        <div class="field">
          <label for="wish-template">{said.template}</label>
          <textarea
            id="wish-template"
            class="template"
            rows={6}
            spellcheck={false}
            value={draft.template}
            aria-invalid={faults['template'] !== undefined}
            aria-describedby="wish-template-hint"
            onInput={(event) => desk.change({ template: event.currentTarget.value })}
          />
          <Fault text={faults['template']} />
          <p class="hint" id="wish-template-hint">
            {said.templateHint}{' '}
            {'{title} {details} {device} {geofence} {type} {time} {place} {link} {count} {lat} {lon}'}
          </p>
        </div>
      )}
    </>
  );
}

/** What is not a preset: nothing, and a text to begin one's own with. */
const OWN: Readonly<Record<string, string>> = { '': '', own: '{title}\n{details}\n{link}' };
