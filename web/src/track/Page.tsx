/** The phone page: one thing to press, what became of it, and help. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { isAtHome, losesLockAtHome } from './browser';
import { Hide } from './Hide';
import type { Line } from './keep';
import type { Phone } from './phone';
import { Share } from './Share';
import { Watchers } from './Watchers';
import { clock, number, percent, words } from './words';

const HOLD_MS = 2_000;

export function Page({ phone }: { phone: Phone }) {
  const isPlaceless = phone.state.value === 'live' && phone.trouble.value !== null;
  const state = isPlaceless ? 'placeless' : phone.state.value;
  return (
    <main>
      <Limits />
      <header>
        <h1>
          <bdi>{words.pairedAs(phone.pairing.name || phone.pairing.device)}</bdi>
        </h1>
        <p class="state" data-state={state} role="status">
          {words.state[state]}
        </p>
      </header>
      <Switch phone={phone} />
      {phone.trouble.value && phone.isOn.value && (
        <p class="trouble" role="alert">
          {words[phone.trouble.value]}
        </p>
      )}
      <Facts phone={phone} />
      <Help phone={phone} />
      <Hide phone={phone} />
      <Share pairing={phone.pairing} />
      <Watchers pairing={phone.pairing} />
      <Talk phone={phone} />
    </main>
  );
}

/** Whatever else is shown, this is said first. */
export function Limits() {
  return (
    <>
      <p class="limits">{words.limits}</p>
      {losesLockAtHome(navigator.userAgent, isAtHome()) && <p class="limits">{words.limitsHome}</p>}
      {!isSecureContext && (
        <p class="trouble" role="alert">
          {words.insecure}
        </p>
      )}
      {isSecureContext && !('geolocation' in navigator) && <p class="trouble">{words.noGeolocation}</p>}
    </>
  );
}

function Switch({ phone }: { phone: Phone }) {
  const isOn = phone.isOn.value;
  const label = phone.state.value === 'replaced' ? words.takeOver : isOn ? words.stop : words.start;
  return (
    <button
      type="button"
      class={isOn ? 'main on' : 'main'}
      disabled={!isSecureContext || phone.state.value === 'ended'}
      onClick={() => void (isOn ? phone.stop() : phone.start())}
    >
      {label}
    </button>
  );
}

function Facts({ phone }: { phone: Phone }) {
  const { accuracy, battery, dropped } = phone;
  return (
    <dl class="facts">
      <Fact name={words.sent}>{phone.sentAt.value ? clock(phone.sentAt.value) : words.never}</Fact>
      <Fact name={words.acked}>{phone.ackedAt.value ? clock(phone.ackedAt.value) : words.never}</Fact>
      <Fact name={words.queue}>
        <span data-queue={phone.queue.value}>{words.fixes(phone.queue.value, number(phone.queue.value))}</span>
        {dropped.value > 0 && <small>{words.dropped(number(dropped.value))}</small>}
      </Fact>
      <Fact name={words.accuracy}>
        {accuracy.value === null ? words.unknown : words.metres(number(Math.round(accuracy.value)))}
      </Fact>
      {battery.value !== null && <Fact name={words.battery}>{percent(battery.value)}</Fact>}
      <Fact name={words.interval}>{words.seconds(number(phone.interval.value))}</Fact>
      {phone.isOn.value && <Fact name={words.screen}>{phone.isAwake.value ? words.awake : words.mayLock}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Held for two seconds, by finger or by key, so that no pocket calls for help. */
function Help({ phone }: { phone: Phone }) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isHeld = useSignal(false);
  const hold = () => {
    if (isHeld.value) return;
    isHeld.value = true;
    timer.current = setTimeout(() => {
      isHeld.value = false;
      navigator.vibrate?.([200, 100, 200]);
      void phone.write('', true);
    }, HOLD_MS);
  };
  const release = () => {
    clearTimeout(timer.current);
    isHeld.value = false;
  };
  const isKey = (event: KeyboardEvent) => event.key === 'Enter' || event.key === ' ';
  const last = phone.lines.value.findLast((line) => line.alarm);
  return (
    <section class="help">
      <button
        type="button"
        class={isHeld.value ? 'sos held' : 'sos'}
        aria-describedby="sos-how"
        onPointerDown={hold}
        onPointerUp={release}
        onPointerLeave={release}
        onPointerCancel={release}
        onKeyDown={(event) => isKey(event) && hold()}
        onKeyUp={release}
        onBlur={release}
        onContextMenu={(event) => event.preventDefault()}
      >
        {words.sos}
        <small id="sos-how">{words.sosHow}</small>
      </button>
      <p role="status">{last && said(last)}</p>
    </section>
  );
}

function said(alarm: Line): string {
  if (alarm.seenBy !== null) return words.sosSeen(alarm.seenBy);
  return alarm.state === 'waiting' ? words.sosWaiting : words.sosStored;
}

function Talk({ phone }: { phone: Phone }) {
  const text = useSignal('');
  const lines = phone.lines.value.filter((line) => !line.alarm);
  const send = (what: string) => {
    if (what.trim() === '') return;
    void phone.write(what.trim());
    text.value = '';
  };
  return (
    <section class="talk">
      <h2>{words.messages}</h2>
      {lines.length === 0 ? <p class="soft">{words.noMessages}</p> : <Lines lines={lines} />}
      <div class="row">
        {words.quick.map((quick) => (
          <button type="button" key={quick} onClick={() => send(quick)}>
            {quick}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send(text.value);
        }}
      >
        <input
          aria-label={words.write}
          placeholder={words.write}
          maxLength={500}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button type="submit">{words.send}</button>
      </form>
    </section>
  );
}

function Lines({ lines }: { lines: readonly Line[] }) {
  return (
    <ol class="lines" aria-live="polite">
      {lines.slice(-20).map((line) => (
        <li key={line.id} class={line.mine ? 'mine' : 'theirs'}>
          <p dir="auto">{line.text}</p>
          <small>
            {line.mine ? words.mine : words.fromMap} · {clock(line.at)}
            {line.mine && ` · ${line.state === 'waiting' ? words.waiting : words.delivered}`}
          </small>
        </li>
      ))}
    </ol>
  );
}
