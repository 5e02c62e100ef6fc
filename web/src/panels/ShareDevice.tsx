/** A device is shown to others by a link: for how long and how exactly; then the link, and what its readers see. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError, here } from '../api/call';
import { fetchGroups, type Group } from '../api/groups';
import { endShare, fetchLooks, fetchShares, type Look, makeShare, type Share } from '../api/shares';
import { useFirstField } from '../focus';
import { geofenceNames, sharing } from '../state';
import { words } from '../words';
import { Dialogue } from './Dialogue';
import { Fault, Field } from './Field';
import { moment } from './format';

const LASTS = [1, 24, 168] as const; // hours
const BLURS = [0, 250, 1000, 4000] as const; // metres
const DELAYS = [0, 3, 15] as const; // minutes
const TRAILS = [0, 15, 60, 1440] as const; // minutes
const MOST_LOOKS = 10;

export function ShareDevice({ device, name }: { device: string; name: string }) {
  const close = () => (sharing.value = null);
  const made = useSignal('');
  return (
    <Dialogue title={words.value.share.title} onClose={close}>
      {made.value === '' ? (
        <Wish device={device} name={name} onMade={(url) => (made.value = url)} />
      ) : (
        <Made url={made.value} />
      )}
    </Dialogue>
  );
}

function Wish({ device, name, onMade }: { device: string; name: string; onMade: (url: string) => void }) {
  const said = words.value.share;
  const [title, password] = [useSignal(name), useSignal('')];
  const [lasts, blur, delay] = [useSignal<number>(LASTS[0]), useSignal<number>(0), useSignal<number>(0)];
  const [trail, stop, group] = [useSignal<number>(0), useSignal(''), useSignal('')];
  const hide = useSignal<ReadonlySet<string>>(new Set());
  const fault = useSignal<ApiError | null>(null);
  const form = useFirstField();
  const save = async (event: Event) => {
    event.preventDefault();
    const wish = {
      lasts: lasts.value,
      blur: blur.value,
      delay: delay.value,
      password: password.value,
      trail: trail.value,
      stop: stop.value || null,
      group: group.value || null,
      hide: [...hide.value],
    };
    try {
      onMade((await makeShare({ device, name: title.value.trim() || name, ...wish })).url);
    } catch (error) {
      fault.value = error instanceof ApiError ? error : new ApiError(0, words.value.app.noAnswer);
    }
  };
  return (
    <>
      <form class="form" ref={form} onSubmit={(event) => void save(event)}>
        <Field id="share-name" label={said.name} value={title.value} onInput={(text) => (title.value = text)} />
        <Pick id="share-lasts" label={said.lasts} from={LASTS} text={said.hours} picked={lasts} />
        <Pick id="share-blur" label={said.place} from={BLURS} text={said.metres} picked={blur} />
        <Pick id="share-delay" label={said.delay} from={DELAYS} text={said.minutes} picked={delay} />
        <Pick id="share-trail" label={said.trail} from={TRAILS} text={said.trailOf} picked={trail} />
        <GroupPick name={name} picked={group} />
        <FencePicks hide={hide} stop={stop} />
        <Field
          id="share-password"
          label={said.password}
          value={password.value}
          onInput={(text) => (password.value = text)}
        />
        <Fault text={fault.value?.message} />
        <button type="submit" class="primary">
          {said.make}
        </button>
      </form>
      <Links device={device} />
    </>
  );
}

interface PickProps {
  readonly id: string;
  readonly label: string;
  readonly from: readonly number[];
  readonly text: (value: number) => string;
  readonly picked: { value: number };
}

function Pick({ id, label, from, text, picked }: PickProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={picked.value} onChange={(event) => (picked.value = Number(event.currentTarget.value))}>
        {from.map((value) => (
          <option key={value} value={value}>
            {text(value)}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The device alone, or all that is in a group of it, now and later. */
function GroupPick({ name, picked }: { name: string; picked: { value: string } }) {
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
      <select id="share-group" value={picked.value} onChange={(event) => (picked.value = event.currentTarget.value)}>
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
  readonly hide: { value: ReadonlySet<string> };
  readonly stop: { value: string };
}

/** In and near which nothing is shown, and at which the link ends. */
function FencePicks({ hide, stop }: FencePicksProps) {
  const said = words.value.share;
  const fences = [...geofenceNames.value];
  const turn = (id: string) => {
    const next = new Set(hide.value);
    if (!next.delete(id)) next.add(id);
    hide.value = next;
  };
  if (fences.length === 0) return <p class="hint">{said.drawFirst}</p>;
  return (
    <>
      <div class="field">
        <label for="share-stop">{said.stop}</label>
        <select id="share-stop" value={stop.value} onChange={(event) => (stop.value = event.currentTarget.value)}>
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
            <input type="checkbox" checked={hide.value.has(id)} onChange={() => turn(id)} /> <bdi>{name}</bdi>
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
  const isCopied = useSignal(false);
  const said = words.value.share;
  const copy = () => void navigator.clipboard.writeText(url).then(() => (isCopied.value = true));
  return (
    <div class="connect">
      <p class="hint">{said.once}</p>
      <pre>
        <code>{url}</code>
      </pre>
      {'clipboard' in navigator && (
        <button type="button" class="primary" onClick={copy}>
          {isCopied.value ? said.copied : said.copy}
        </button>
      )}
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
