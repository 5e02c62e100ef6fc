/** Whether the phone can reach the address it is shown: other addresses of the server, and what an address lacks. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { fetchNetwork, type Network } from '../api/devices';
import { words } from '../words';
import { isLocal, isSecure } from './network';

const NONE: Network = { addresses: [], listens: true };

interface Props {
  readonly url: string;
  readonly origin: string; // that was chosen; empty: as the page was opened
  readonly onChoose: (origin: string) => void;
}

export function AddReach({ url, origin, onChoose }: Props) {
  const network = useSignal<Network>(NONE);
  useEffect(() => void fetchNetwork().then((found) => (network.value = found)), []);
  const said = words.value.adding;
  const shown = new URL(url).origin;
  const own = location.origin;
  const others = network.value.addresses.map((each) => new URL(each).origin).filter((each) => each !== own);
  return (
    <div class="reach">
      <p>{said.reach(shown)}</p>
      {others.length > 0 && (
        <div class="choices" role="radiogroup" aria-label={said.address}>
          {[own, ...others].map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="address"
                checked={each === own ? origin === '' : origin === each}
                onChange={() => onChoose(each === own ? '' : each)}
              />
              <span>{each}</span>
            </label>
          ))}
        </div>
      )}
      {isLocal(url) && <p class="warning">{said.local}</p>}
      {!network.value.listens && !isLocal(url) && <p class="warning">{said.deaf}</p>}
      {!isSecure(url) && <p class="warning">{said.insecure}</p>}
    </div>
  );
}
