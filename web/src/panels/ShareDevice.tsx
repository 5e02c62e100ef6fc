/** A device is shown to others by a link: for how long and how exactly; then the link, and what its readers see. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type ApiError, here } from '../api/call';
import { fetchGroups, type Group } from '../api/groups';
import { endShare, fetchLooks, fetchShares, type Look, makeShare, type Share, type ShareWish } from '../api/shares';
import { useFirstField } from '../focus';
import type { Editor } from '../geofences/editor';
import { chosenFence, geofenceNames, mayManage, pane, type Sharing, selected, sharing } from '../state';
import { words } from '../words';
import { CopyButton } from './CopyButton';
import { Dialogue } from './Dialogue';
import { Fault, Field } from './Field';
import { moment } from './format';
import { readRefusal } from './refusal';

const LASTS = [1, 24, 168] as const; // hours
const BLURS = [0, 250, 1000, 4000] as const; // metres
const DELAYS = [0, 3, 15] as const; // minutes
const TRAILS = [0, 15, 60, 1440] as const; // minutes
const MOST_LOOKS = 10;

export function ShareDevice({ share, editor }: { share: Sharing; editor: Editor }) {
  const close = () => (sharing.value = null);
  const made = useSignal('');
  return (
    <Dialogue title={words.value.share.title} onClose={close}>
      {made.value === '' ? (
        <Wish share={share} editor={editor} onMade={(url) => (made.value = url)} />
      ) : (
        <Made url={made.value} />
      )}
    </Dialogue>
  );
}

function blankWish({ id, name }: Sharing): ShareWish {
  const nothing = { group: null, hide: [], trail: 0, stop: null, blur: 0, delay: 0, password: '' };
  return { device: id, name, lasts: LASTS[0], ...nothing };
}

function Wish({ share, editor, onMade }: { share: Sharing; editor: Editor; onMade: (url: string) => void }) {
  const said = words.value.share;
  const { name } = share;
  const wish = useSignal<ShareWish>(share.kept ?? blankWish(share));
  const now = wish.value;
  const change = (part: Partial<ShareWish>) => (wish.value = { ...wish.value, ...part });
  const fault = useSignal<ApiError | null>(null);
  const form = useFirstField();
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      onMade((await makeShare({ ...now, name: now.name.trim() || name })).url);
    } catch (error) {
      fault.value = readRefusal(error);
    }
  };
  return (
    <>
      <form class="form" ref={form} onSubmit={(event) => void save(event)}>
        <Field id="share-name" label={said.name} value={now.name} onInput={(text) => change({ name: text })} />
        <Pick
          id="share-lasts"
          label={said.lasts}
          from={LASTS}
          text={said.hours}
          picked={now.lasts}
          onPick={(lasts) => change({ lasts })}
        />
        <Pick
          id="share-blur"
          label={said.place}
          from={BLURS}
          text={said.metres}
          picked={now.blur}
          onPick={(blur) => change({ blur })}
        />
        <Pick
          id="share-delay"
          label={said.delay}
          from={DELAYS}
          text={said.minutes}
          picked={now.delay}
          onPick={(delay) => change({ delay })}
        />
        <Pick
          id="share-trail"
          label={said.trail}
          from={TRAILS}
          text={said.trailOf}
          picked={now.trail}
          onPick={(trail) => change({ trail })}
        />
        <GroupPick name={name} picked={now.group} onPick={(group) => change({ group })} />
        <FencePicks wish={now} onChange={change} />
        {mayManage.value && (
          <button type="button" class="secondary" onClick={() => drawPlace(share, now, editor)}>
            {said.drawPlace}
          </button>
        )}
        <Field
          id="share-password"
          label={said.password}
          value={now.password}
          onInput={(password) => change({ password })}
        />
        <Fault text={fault.value?.message} />
        <button type="submit" class="primary">
          {said.make}
        </button>
      </form>
      <Links device={share.id} />
    </>
  );
}

/** On the map, as any geofence; it decides nothing, for it is there to hide. Then the dialogue is back as it was. */
function drawPlace(share: Sharing, wish: ShareWish, editor: Editor): void {
  const row = selected.peek();
  sharing.value = null;
  editor.begin('circle', (id) => {
    pane.value = 'devices';
    chosenFence.value = null;
    selected.value = row;
    sharing.value = { ...share, kept: id === null ? wish : { ...wish, hide: [...wish.hide, id] } };
  });
  // Switched on it may end a link, which wants an `enter` also of who is there already.
  editor.change({ name: words.value.share.hiddenPlace(share.name), enabled: false, notes: false });
}

interface PickProps {
  readonly id: string;
  readonly label: string;
  readonly from: readonly number[];
  readonly text: (value: number) => string;
  readonly picked: number;
  readonly onPick: (value: number) => void;
}

function Pick({ id, label, from, text, picked, onPick }: PickProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={picked} onChange={(event) => onPick(Number(event.currentTarget.value))}>
        {from.map((value) => (
          <option key={value} value={value}>
            {text(value)}
          </option>
        ))}
      </select>
    </div>
  );
}

interface GroupPickProps {
  readonly name: string;
  readonly picked: string | null;
  readonly onPick: (group: string | null) => void;
}

/** The device alone, or all that is in a group of it, now and later. */
function GroupPick({ name, picked, onPick }: GroupPickProps) {
  const said = words.value.share;
  const groups = useSignal<readonly Group[]>([]);
  useEffect(() => {
    fetchGroups().then(
      (found) => (groups.value = found),
      () => {}, // then the device alone
    );
  }, []);
  if (groups.value.length === 0) return null;
  return (
    <div class="field">
      <label for="share-group">{said.what}</label>
      <select id="share-group" value={picked ?? ''} onChange={(event) => onPick(event.currentTarget.value || null)}>
        <option value="">{said.onlyThis(name)}</option>
        {groups.value.map((each) => (
          <option key={each.id} value={each.id}>
            {said.groupOf(each.name)}
          </option>
        ))}
      </select>
    </div>
  );
}

interface FencePicksProps {
  readonly wish: ShareWish;
  readonly onChange: (part: Partial<ShareWish>) => void;
}

/** In and near which nothing is shown, and at which the link ends. */
function FencePicks({ wish, onChange }: FencePicksProps) {
  const said = words.value.share;
  const fences = [...geofenceNames.value];
  const turn = (id: string) =>
    onChange({ hide: wish.hide.includes(id) ? wish.hide.filter((each) => each !== id) : [...wish.hide, id] });
  if (fences.length === 0) return <p class="hint">{said.drawFirst}</p>;
  return (
    <>
      <div class="field">
        <label for="share-stop">{said.stop}</label>
        <select
          id="share-stop"
          value={wish.stop ?? ''}
          onChange={(event) => onChange({ stop: event.currentTarget.value || null })}
        >
          <option value="">{said.noStop}</option>
          {fences.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <fieldset class="zones">
        <legend>{said.hide}</legend>
        {fences.map(([id, name]) => (
          <label key={id}>
            <input type="checkbox" checked={wish.hide.includes(id)} onChange={() => turn(id)} /> <bdi>{name}</bdi>
          </label>
        ))}
        <p class="hint">{said.hideHint}</p>
      </fieldset>
    </>
  );
}

/** Who opened a link, when somebody asks. */
function Looks({ share }: { share: Share }) {
  const said = words.value.share;
  const found = useSignal<readonly Look[] | null>(null);
  const look = () =>
    void fetchLooks(share.id).then(
      (looks) => (found.value = looks),
      () => {}, // it stays as it was
    );
  return (
    <details class="looks" onToggle={(event) => event.currentTarget.open && look()}>
      <summary>{said.looks}</summary>
      {found.value?.length === 0 && <p class="hint">{said.noLooks}</p>}
      <ul>
        {found.value?.slice(0, MOST_LOOKS).map((each) => (
          <li key={`${each.since} ${each.address}`}>
            {each.address} <small>{said.lookedAt(moment(each.since), moment(each.seen))}</small>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The address, once, and the very page that others will see. */
function Made({ url }: { url: string }) {
  const said = words.value.share;
  return (
    <div class="connect">
      <p class="hint">{said.once}</p>
      <pre>
        <code>{url}</code>
      </pre>
      <CopyButton text={url} said={said} kind="primary" />
      <iframe class="preview" title={said.preview} src={here(`/s?embed#${url.split('#')[1] ?? ''}`)} />
      <p class="hint">{said.preview}</p>
    </div>
  );
}

/** Those of the device that work. */
function Links({ device }: { device: string }) {
  const found = useSignal<readonly Share[]>([]);
  const look = () =>
    fetchShares().then(
      (all) => (found.value = all.filter((each) => each.devices.includes(device))),
      () => {}, // what is missing is a list; the form says what went wrong
    );
  useEffect(() => void look(), [device]);
  const end = (share: Share) => void endShare(share.id).then(look, look);
  if (found.value.length === 0) return null;
  return (
    <ul class="shares" aria-label={words.value.share.links}>
      {found.value.map((share) => (
        <li key={share.id}>
          <span>
            <bdi>{share.name}</bdi>
            <small>{words.value.share.state(moment(share.until), share.viewers)}</small>
            <Looks share={share} />
          </span>
          <button type="button" onClick={() => end(share)}>
            {words.value.share.end}
          </button>
        </li>
      ))}
    </ul>
  );
}
