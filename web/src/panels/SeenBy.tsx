/** Who has seen a call for help. */
import { useEffect } from 'preact/hooks';
import type { Live } from '../live';
import type { TrackerEvent } from '../live/frames';
import { seen } from '../state';
import { words } from '../words';
import { time } from './format';

/** In the evidence of a call: who has seen it, or the button that says so. */
export function SeenBy({ live, event }: { live: Live; event: TrackerEvent }) {
  const who = seen.value.get(event.id);
  useEffect(() => void live.learnSeen(event.id), [event.id]);
  if (!who) return null;
  if (who.by !== null) return <p>{words.value.sos.seenBy(who.by, time(who.at, live.feed.now()))}</p>;
  return (
    <p>
      {words.value.sos.unseen}{' '}
      <button type="button" class="link" onClick={() => void live.markSeen(event.id)}>
        {words.value.sos.seen}
      </button>
    </p>
  );
}
