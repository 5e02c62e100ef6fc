/** How exactly others see this phone: chosen for a time, and ended before it is over. */
import type { Phone } from './phone';
import type { Shown } from './privacy';
import { clock, words } from './words';

export function Hide({ phone }: { phone: Phone }) {
  const { shown, waiting } = phone.privacy;
  const paused = phone.pausedUntil.value;
  const now: Shown = waiting.value ?? (paused === null ? shown.value : { mode: 'paused', until: paused }); // what was wished is said first
  const until = now.until === null ? null : clock(now.until);
  if (now.mode !== 'exact') {
    return (
      <section class="pause" aria-label={words.hide}>
        <h2>{words.hide}</h2>
        <p role="status">{now.mode === 'paused' ? words.pausedUntil(until) : words.vagueUntil(until)}</p>
        {waiting.value && <p class="soft">{words.hideWaits}</p>}
        <button type="button" onClick={() => void phone.resume()}>
          {words.resume}
        </button>
      </section>
    );
  }
  return (
    <section class="pause" aria-label={words.hide}>
      <h2>{words.hide}</h2>
      {waiting.value && <p class="soft">{words.hideWaits}</p>}
      <Choice
        text={words.pause}
        hint={words.pauseHint}
        lasts={words.pauseFor}
        onPick={(minutes) => phone.pause(minutes)}
      />
      <Choice
        text={words.vague}
        hint={words.vagueHint}
        lasts={words.vagueFor}
        onPick={(minutes) => phone.blur(minutes)}
      />
    </section>
  );
}

interface ChoiceProps {
  readonly text: string;
  readonly hint: string;
  readonly lasts: Readonly<Record<number, string>>;
  readonly onPick: (minutes: number) => Promise<void>;
}

function Choice({ text, hint, lasts, onPick }: ChoiceProps) {
  return (
    <div class="choice" role="group" aria-label={text}>
      <p>
        <b>{text}</b> <span class="soft">{hint}</span>
      </p>
      <div class="row">
        {Object.entries(lasts).map(([minutes, said]) => (
          <button type="button" key={minutes} onClick={() => void onPick(Number(minutes))}>
            {said}
          </button>
        ))}
      </div>
    </div>
  );
}
