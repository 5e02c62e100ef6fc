/** How far to trust what is on the map: is the stream live, and how old is the newest position. */
import type { Live } from '../live';
import { health, link, second, tick } from '../state';
import { age } from './format';

const WORDS = {
  connecting: 'Connecting',
  'catching up': 'Catching up',
  live: 'Live',
  lost: 'Connection lost',
  paused: 'Paused',
  refused: 'Disconnected',
} as const;

export function Badge({ live }: { live: Live }) {
  void tick.value;
  void second.value;
  const { devices } = live.feed;
  const old = live.feed.now() - devices.newestAt;
  return (
    <div class="badge" data-health={health.value.replace(' ', '-')} role="status" aria-live="polite">
      <span class="lamp" aria-hidden="true" />
      <strong>{WORDS[health.value]}</strong>
      {/* read out, the ticking age would never end */}
      {!Number.isNaN(devices.newestAt) && (
        <span class="old" aria-hidden="true">
          data {age(old)} old
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
  if (now.state === 'connecting' && health.value === 'lost') return 'trying now';
  if (now.state === 'refused') return now.reason || `code ${now.code}`;
  if (now.state !== 'waiting') return '';
  const seconds = Math.ceil((now.until - Date.now()) / 1000);
  return seconds > 0 ? `next try in ${seconds} s` : 'trying now';
}
