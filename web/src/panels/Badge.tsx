/** How far to trust what is on the map: is the stream live, and how old is the newest position. */
import type { Live } from '../live';
import { sayIn } from '../refusals/say';
import { health, link, second, tick } from '../state';
import { words } from '../words';
import { age, clockTime } from './format';

export function Badge({ live }: { live: Live }) {
  void tick.value;
  void second.value;
  const { devices } = live.feed;
  const old = live.feed.now() - devices.newestAt;
  return (
    <div class="badge" data-health={health.value.replace(' ', '-')} role="status" aria-live="polite">
      <span class="lamp" aria-hidden="true" />
      <strong>{words.value.states[health.value]}</strong>
      {health.value === 'lost' && live.feed.lostAt !== null && (
        <span class="since" aria-hidden="true">
          {words.value.states.since(clockTime(live.feed.lostAt))}
        </span>
      )}
      {/* read out, the ticking age would never end */}
      {!Number.isNaN(devices.newestAt) && (
        <span class="old" aria-hidden="true">
          {words.value.states.old(age(old))}
        </span>
      )}
      {retryText() && (
        <span class="retry" aria-hidden="true">
          {retryText()}
        </span>
      )}
    </div>
  );
}

function retryText(): string {
  const now = link.value;
  if (health.value === 'slow') return words.value.states.noAnswerYet;
  if (now.state === 'connecting' && health.value === 'lost') return words.value.states.tryingNow;
  if (now.state === 'refused') return sayIn(now.reason) || words.value.states.code(now.code);
  if (now.state !== 'waiting') return '';
  const seconds = Math.ceil((now.until - Date.now()) / 1000);
  return seconds > 0 ? words.value.states.nextTry(seconds) : words.value.states.tryingNow;
}
