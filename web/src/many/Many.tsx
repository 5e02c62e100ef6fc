/** What can be done with the devices that are picked, and what became of it. A role is offered what it may do. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { changeCategory } from '../api/devices';
import { fetchGroups, type Group, putInto } from '../api/groups';
import { sendCommand, sendMessage } from '../api/messages';
import { toggleFollowing } from '../following';
import type { Live } from '../live';
import { count } from '../panels/format';
import { CloseIcon } from '../panels/Icons';
import { fitByHand } from '../panels/MapPane';
import { isolated, Name } from '../panels/Name';
import { type Done, followed, groupsChanged, mayCommand, mayManage, outcome, picked, running, trailed } from '../state';
import { MOST_TRAILS } from '../trails';
import { words } from '../words';
import { type Act, actOnPicked, byReason } from './acts';
import { closePicking, pickAll } from './picking';
import '../styles/many.css';

const INTERVALS = [1, 5, 30, 60, 300] as const; // s
const NAMED = 5; // of those that were refused for one reason

type Form = 'message' | 'interval' | 'group' | 'category';

export function Many({ live, listed }: { live: Live; listed: readonly number[] }) {
  const said = words.value.many;
  const form = useSignal<Form | null>(null);
  const [run, done] = [running.value, outcome.value];
  const ids = [...picked.value];
  const act = async (work: Act, after: () => unknown = () => {}) => {
    form.value = null;
    if (await actOnPicked(live.feed.devices, work)) await after();
  };
  return (
    <section class="many" aria-label={said.title}>
      <header>
        <b>{said.picked(ids.length)}</b>
        <button type="button" class="link" onClick={() => pickAll(live, listed)}>
          {said.all(count(listed.length))}
        </button>
        <button type="button" class="quiet" aria-label={said.drop} title={`${said.drop} (Esc)`} onClick={closePicking}>
          <CloseIcon />
        </button>
      </header>
      {ids.length === 0 ? (
        <p class="hint">{said.how}</p>
      ) : (
        <>
          <Looks live={live} ids={ids} />
          <Asks
            live={live}
            form={form.value}
            isBusy={run !== null}
            onForm={(next) => (form.value = next)}
            onAct={act}
          />
        </>
      )}
      <p role="status" class="hint">
        {run && said.answered(count(run.answered), count(run.of))}
        {done && said.outcome(count(done.done), done.refused.length)}
      </p>
      {done && <Refusals live={live} done={done} />}
    </section>
  );
}

/** What changes nothing but what one sees. */
function Looks({ live, ids }: { live: Live; ids: readonly string[] }) {
  const said = words.value.many;
  const isSame = (others: ReadonlySet<string>) => others.size === ids.length && ids.every((id) => others.has(id));
  const hasTrails = isSame(trailed.value);
  const rows = () => ids.map((id) => live.feed.devices.row(id)).filter((row) => row !== undefined);
  return (
    <div class="buttons" role="group" aria-label={said.looks}>
      <Press isPressed={isSame(followed.value)} onClick={() => toggleFollowing(new Set(ids))}>
        {said.follow}
      </Press>
      <Press isPressed={hasTrails} onClick={() => (trailed.value = hasTrails ? new Set() : new Set(ids))}>
        {said.trails}
      </Press>
      <button type="button" onClick={() => fitByHand(live, rows())}>
        {said.fit}
      </button>
      {hasTrails && ids.length > MOST_TRAILS && <span class="hint">{said.mostTrails(MOST_TRAILS)}</span>}
    </div>
  );
}

function Press({ isPressed, onClick, children }: PressProps) {
  return (
    <button type="button" aria-pressed={isPressed} onClick={onClick}>
      {children}
    </button>
  );
}

interface PressProps {
  readonly isPressed: boolean;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

interface AskProps {
  readonly live: Live;
  readonly form: Form | null;
  readonly isBusy: boolean;
  readonly onForm: (form: Form | null) => void;
  readonly onAct: (act: Act, after?: () => unknown) => Promise<void>;
}

/** What asks something of the devices, or changes them. */
function Asks({ live, form, isBusy, onForm, onAct }: AskProps) {
  const said = words.value.many;
  const forms: readonly Form[] = [
    ...(mayCommand.value ? (['message', 'interval'] as const) : []),
    ...(mayManage.value ? (['group', 'category'] as const) : []),
  ];
  if (forms.length === 0) return null;
  return (
    <>
      <div class="buttons" role="group" aria-label={said.asks}>
        {mayCommand.value && (
          <button type="button" disabled={isBusy} onClick={() => void onAct((id) => sendCommand(id, 'report_now', {}))}>
            {said.place}
          </button>
        )}
        {forms.map((each) => (
          <button
            key={each}
            type="button"
            disabled={isBusy}
            aria-expanded={form === each}
            onClick={() => onForm(form === each ? null : each)}
          >
            {said.forms[each]}
          </button>
        ))}
      </div>
      {!isBusy && form === 'message' && <Message live={live} onAct={onAct} />}
      {!isBusy && form === 'interval' && <Interval onAct={onAct} />}
      {!isBusy && form === 'group' && <IntoGroup onAct={onAct} />}
      {!isBusy && form === 'category' && <Category live={live} onAct={onAct} />}
    </>
  );
}

type OnAct = { readonly onAct: AskProps['onAct'] };

function Message({ live, onAct }: { live: Live } & OnAct) {
  const said = words.value.many;
  const text = useSignal('');
  const send = () => void onAct(async (id) => live.said(await sendMessage(id, text.peek().trim())));
  return (
    <One label={said.message} button={words.value.talk.send} isReady={text.value.trim() !== ''} onDone={send}>
      <input
        id="many-one"
        maxLength={1000}
        autocomplete="off"
        dir="auto"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
    </One>
  );
}

function Interval({ onAct }: OnAct) {
  const said = words.value.many;
  const seconds = useSignal<number>(INTERVALS[1]);
  const send = () => void onAct((id) => sendCommand(id, 'set_interval', { seconds: seconds.peek() }));
  return (
    <One label={said.interval} button={words.value.talk.send} isReady={true} onDone={send}>
      <select
        id="many-one"
        value={seconds.value}
        onChange={(event) => (seconds.value = Number(event.currentTarget.value))}
      >
        {INTERVALS.map((each) => (
          <option key={each} value={each}>
            {words.value.talk.seconds(each)}
          </option>
        ))}
      </select>
    </One>
  );
}

function IntoGroup({ onAct }: OnAct) {
  const said = words.value.many;
  const [groups, group] = [useSignal<readonly Group[] | null>(null), useSignal('')];
  useEffect(() => {
    fetchGroups().then(
      (found) => ([groups.value, group.value] = [found, found[0]?.id ?? '']),
      () => (groups.value = []),
    );
  }, []);
  if (groups.value?.length === 0) return <p class="hint">{said.noGroups}</p>;
  const put = () =>
    void onAct(
      (id) => putInto(group.peek(), 'devices', id),
      () => groupsChanged.value++,
    );
  return (
    <One label={said.group} button={said.put} isReady={group.value !== ''} onDone={put}>
      <select id="many-one" value={group.value} onChange={(event) => (group.value = event.currentTarget.value)}>
        {(groups.value ?? []).map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </select>
    </One>
  );
}

function Category({ live, onAct }: { live: Live } & OnAct) {
  const said = words.value.many;
  const category = useSignal('');
  const change = () =>
    void onAct(
      (id) => changeCategory(id, category.peek().trim()),
      () => live.readCatalogue(),
    );
  return (
    <One label={said.category} button={words.value.app.save} isReady={true} onDone={change}>
      <input
        id="many-one"
        autocomplete="off"
        placeholder={words.value.adding.categoryHint}
        value={category.value}
        onInput={(event) => (category.value = event.currentTarget.value)}
      />
    </One>
  );
}

interface OneProps {
  readonly label: string;
  readonly button: string;
  readonly isReady: boolean;
  readonly onDone: () => void;
  readonly children: ComponentChildren; // whose id is many-one
}

/** A form of one field. */
function One({ label, button, isReady, onDone, children }: OneProps) {
  const submit = (event: Event) => {
    event.preventDefault();
    if (isReady) onDone();
  };
  return (
    <form class="one" onSubmit={submit}>
      <label for="many-one">{label}</label>
      {children}
      <button type="submit" class="primary" disabled={!isReady}>
        {button}
      </button>
    </form>
  );
}

function Refusals({ live, done }: { live: Live; done: Done }) {
  const { devices } = live.feed;
  return (
    <ul class="refusals">
      {[...byReason(done.refused)].map(([why, ids]) => (
        <li key={why}>
          {ids.slice(0, NAMED).map((id, i) => (
            <span key={id}>
              {i > 0 && ', '}
              <Name text={devices.name[devices.row(id) ?? -1] ?? id} />
            </span>
          ))}
          {ids.length > NAMED && ` ${words.value.geofences.andMore(ids.length - NAMED)}`}: {isolated(why)}
        </li>
      ))}
    </ul>
  );
}
