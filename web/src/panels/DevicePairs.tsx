/** With which other devices one is a pair: told when they are near each other. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api/call';
import { createPair, fetchPairs, type Pair, removePair } from '../api/pairs';
import type { Live } from '../live';
import { measure } from '../units';
import { words } from '../words';
import { DeviceChoices, findDevice } from './DeviceChoices';
import { Fault } from './Field';
import { distance } from './format';
import { CloseIcon } from './Icons';
import { isolated, Name } from './Name';
import { tryAll } from './refusal';

const NEAR_M = 100;

export function DevicePairs({ live, id }: { live: Live; id: string }) {
  const said = words.value.pairs;
  const pairs = useSignal<readonly Pair[]>([]);
  const [other, metres] = [useSignal(''), useSignal(String(Math.round(NEAR_M / measure().small.each)))];
  const fault = useSignal<ApiError | null>(null);
  const read = async () => {
    pairs.value = (await fetchPairs()).filter((pair) => pair.devices.includes(id));
  };
  const change = (work: () => Promise<void>) => tryAll(fault, work, read);
  useEffect(() => void change(async () => {}), [id]);
  const add = () =>
    change(async () => {
      const found = findDevice(live, other.value, id);
      if (found === null) throw new ApiError(0, said.unknown);
      const wanted = Number(metres.value.replace(',', '.')) * measure().small.each;
      if (Number.isNaN(wanted)) throw new ApiError(0, words.value.app.notANumber);
      await createPair(id, found, wanted);
      other.value = '';
    });
  return (
    <section class="part" aria-label={said.title}>
      <h3>{said.title}</h3>
      <p class="hint">{pairs.value.length === 0 ? `${said.hint} ${said.none}` : said.hint}</p>
      <ul class="lines">
        {pairs.value.map((pair) => {
          const name = nameOf(live, pair.devices.find((each) => each !== id) ?? id);
          return (
            <li key={pair.id}>
              <Name text={name} />
              <span>{distance(pair.distance)}</span>
              <button
                type="button"
                class="quiet"
                aria-label={said.remove(isolated(name))}
                onClick={() => void change(() => removePair(pair.id))}
              >
                <CloseIcon />
              </button>
            </li>
          );
        })}
      </ul>
      <div class="row">
        <input
          list="pair-devices"
          aria-label={said.other}
          placeholder={said.other}
          autocomplete="off"
          value={other.value}
          onInput={(event) => (other.value = event.currentTarget.value)}
        />
        <DeviceChoices live={live} list="pair-devices" but={id} />
        <label>
          {said.distance}
          <input
            class="short"
            inputMode="decimal"
            value={metres.value}
            onInput={(event) => (metres.value = event.currentTarget.value)}
          />
          {measure().small.name}
        </label>
        <button type="button" class="secondary" onClick={() => void add()}>
          {said.add}
        </button>
      </div>
      <Fault text={fault.value?.message} />
    </section>
  );
}

function nameOf(live: Live, id: string): string {
  return live.feed.devices.name[live.feed.devices.row(id) ?? -1] ?? id;
}
