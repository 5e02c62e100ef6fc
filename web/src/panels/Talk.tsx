/** The conversation with whoever holds a device: messages both ways and what it was told to do, with what became of each. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type Command, fetchCommands, sendCommand, sendMessage } from '../api/messages';
import type { Live } from '../live';
import type { Message } from '../live/threads';
import { mayCommand, second, talked } from '../state';
import { words } from '../words';
import { Fault } from './Field';
import { ago, moment, span, stateOf } from './format';
import { useLook } from './look';
import { isolated } from './Name';
import { readRefusal } from './refusal';

const LOOK_MS = 3_000; // for what became of commands: messages come by the stream
const INTERVALS = [1, 5, 30, 60, 300] as const; // s

export function Talk({ live, id }: { live: Live; id: string }) {
  void second.value;
  void talked.value;
  const commands = useSignal<readonly Command[]>([]);
  const fault = useSignal('');
  const look = () =>
    fetchCommands(id).then(
      (found) => (commands.value = found),
      () => {}, // they are looked for again
    );
  useEffect(() => {
    live.openThread(id).then(
      () => {},
      () => (fault.value = words.value.talk.unreadable),
    );
    return () => void live.openThread(null);
  }, [id]);
  useLook(look, LOOK_MS, id);
  const said = live.feed.threads.of(id);
  const name = live.feed.devices.name[live.feed.devices.row(id) ?? -1] ?? id;
  return (
    <div class="talk">
      <Lines
        said={said}
        commands={commands.value}
        now={live.feed.now()}
        label={words.value.talk.thread(isolated(name))}
      />
      <Waiting live={live} id={id} said={said} commands={commands.value} />
      <Fault text={fault.value || undefined} />
      {mayCommand.value && <Write live={live} id={id} onAsked={() => void look()} />}
    </div>
  );
}

type Line = { readonly at: number } & ({ readonly message: Message } | { readonly command: Command });

interface LinesProps {
  readonly said: readonly Message[];
  readonly commands: readonly Command[];
  readonly now: number;
  readonly label: string;
}

function Lines({ said, commands, now, label }: LinesProps) {
  const list = useRef<HTMLElement>(null);
  const lines: Line[] = [
    ...said.map((message) => ({ at: message.at, message })),
    ...commands.map((command) => ({ at: command.at, command })),
  ].sort((a, b) => a.at - b.at);
  useEffect(() => void list.current?.scrollTo(0, list.current.scrollHeight), [lines.length]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls and holds nothing to focus is scrolled by keys this way
    <section class="thread" role="log" aria-label={label} tabIndex={0} ref={list}>
      <ol>
        {lines.length === 0 && <li class="hint">{words.value.talk.none}</li>}
        {lines.map((line) =>
          'message' in line ? (
            <Said key={line.message.number} message={line.message} now={now} />
          ) : (
            <li key={line.command.id} class="asked" title={moment(line.at)}>
              {describe(line.command)} · {words.value.talk.states[line.command.state]}
            </li>
          ),
        )}
      </ol>
    </section>
  );
}

function Said({ message, now }: { message: Message; now: number }) {
  const { states, alarm } = words.value.talk;
  return (
    <li class={`said ${message.direction}`} data-alarm={message.alarm !== null}>
      {message.alarm !== null && <strong>{alarm}</strong>}
      {message.text !== '' && <p dir="auto">{message.text}</p>}
      <small title={moment(message.at)}>
        {ago(now - message.at)}
        {message.direction === 'down' && ` · ${states[message.state] ?? message.state}`}
      </small>
    </li>
  );
}

function describe({ name, seconds }: Command): string {
  const said = words.value.talk;
  if (name === 'report_now') return said.askedPlace;
  return name === 'set_interval' && seconds !== null ? said.askedInterval(span(seconds)) : name;
}

interface WaitingProps {
  readonly live: Live;
  readonly id: string;
  readonly said: readonly Message[];
  readonly commands: readonly Command[];
}

/** What a device that says nothing gets when it is back. */
function Waiting({ live, id, said, commands }: WaitingProps) {
  const count = [...said, ...commands].filter((each) => each.state === 'queued').length;
  if (count === 0) return null;
  const { devices } = live.feed;
  const row = devices.row(id) ?? -1;
  const now = live.feed.now();
  const state = row < 0 ? null : stateOf(devices.status[row]!, devices.at[row]!, now, live.feed.seesEverything);
  const silence =
    state?.key === 'silent' ? `${words.value.talk.silentFor(span((now - devices.at[row]!) / 1000))} ` : '';
  return <p class="hint waiting-for">{silence + words.value.talk.waits(count)}</p>;
}

function Write({ live, id, onAsked }: { live: Live; id: string; onAsked: () => void }) {
  const said = words.value.talk;
  const [text, fault, isBusy] = [useSignal(''), useSignal(''), useSignal(false)];
  const attempt = async (work: () => Promise<void>) => {
    isBusy.value = true;
    try {
      await work();
      fault.value = '';
    } catch (error) {
      fault.value = readRefusal(error).message;
    }
    isBusy.value = false;
  };
  const send = (message: string) =>
    attempt(async () => {
      live.said(await sendMessage(id, message));
      if (message === text.value.trim()) text.value = ''; // a quick answer leaves what is being typed
    });
  const ask = (name: string, args: object) => attempt(() => sendCommand(id, name, args).then(onAsked));
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.value.trim() && !isBusy.value) void send(text.value.trim());
  };
  return (
    <form class="write" onSubmit={submit}>
      <div class="quick" role="group" aria-label={said.quick}>
        {said.answers.map((answer) => (
          <button key={answer} type="button" disabled={isBusy.value} onClick={() => void send(answer)}>
            {answer}
          </button>
        ))}
      </div>
      <div class="line-in">
        <input
          aria-label={said.write}
          placeholder={said.write}
          maxLength={1000}
          autocomplete="off"
          dir="auto"
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={isBusy.value || text.value.trim() === ''}>
          {said.send}
        </button>
      </div>
      <div class="ask" role="group" aria-label={said.commands}>
        <button type="button" class="link" onClick={() => void ask('report_now', {})}>
          {said.reportNow}
        </button>
        <label>
          {said.interval}{' '}
          <select
            value=""
            onChange={(event) => {
              const seconds = Number(event.currentTarget.value);
              event.currentTarget.value = '';
              if (seconds > 0) void ask('set_interval', { seconds });
            }}
          >
            <option value="">…</option>
            {INTERVALS.map((seconds) => (
              <option key={seconds} value={seconds}>
                {said.seconds(seconds)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Fault text={fault.value || undefined} />
    </form>
  );
}
