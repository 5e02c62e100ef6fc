/** Who may see this phone now, and who looked. */
import { useSignal } from '@preact/signals';
import type { Json } from '../api/json';
import { WatcherLists } from '../watching/WatcherLists';
import { readWatchers, type Watchers as WatchersFound } from '../watching/watchers';
import { ask, type Pairing } from './ask';
import { moment, words } from './words';

const MOST = 10; // of who looked

export function Watchers({ pairing }: { pairing: Pairing }) {
  const seen = useSignal<WatchersFound | null>(null);
  const fault = useSignal(false);
  const look = async () => {
    const answer = await ask(pairing, 'GET', `devices/${encodeURIComponent(pairing.device)}/watchers`);
    fault.value = answer === null;
    if (answer) seen.value = readWatchers((await answer.json()) as Json);
  };
  return (
    <details class="watchers" onToggle={(event) => event.currentTarget.open && void look()}>
      <summary>{words.watchers}</summary>
      {fault.value && <p class="soft">{words.noServer}</p>}
      {seen.value && (
        <WatcherLists watchers={seen.value} said={words.watching} moment={moment} soft="soft" most={MOST} />
      )}
    </details>
  );
}
