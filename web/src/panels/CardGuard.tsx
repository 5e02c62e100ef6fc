/** A device guarded where it is parked: armed and disarmed on its card. */
import { useSignal } from '@preact/signals';
import { changeGuard } from '../api/devices';
import type { Live } from '../live';
import { tick } from '../state';
import { words } from '../words';
import { Fault } from './Field';
import { length, moment } from './format';
import { readRefusal } from './refusal';

const RADII = [30, 50, 100, 250] as const; // m

export function CardGuard({ live, id }: { live: Live; id: string }) {
  void tick.value; // somebody else may arm it, too
  const { devices } = live.feed;
  const guard = devices.guard[devices.row(id) ?? -1] ?? null;
  const radius = useSignal<number>(RADII[1]);
  const fault = useSignal('');
  const said = words.value.guard;
  const set = (metres: number) =>
    void changeGuard(id, metres)
      .then(() => live.readCatalogue())
      .then(
        () => (fault.value = ''),
        (error) => (fault.value = readRefusal(error).message),
      );
  return (
    <div class="hide guard" role="group" aria-label={said.title}>
      <h3>{said.title}</h3>
      {guard === null ? (
        <p class="hide-choice">
          <select
            aria-label={said.radius}
            value={radius.value}
            onChange={(event) => (radius.value = Number(event.currentTarget.value))}
          >
            {RADII.map((metres) => (
              <option key={metres} value={metres}>
                {length(metres)}
              </option>
            ))}
          </select>
          <button type="button" title={said.hint} onClick={() => set(radius.value)}>
            {said.arm}
          </button>
        </p>
      ) : (
        <>
          <p class="hint">{said.armed(length(guard.radius), moment(guard.since))}</p>
          <button type="button" onClick={() => set(0)}>
            {said.disarm}
          </button>
        </>
      )}
      <Fault text={fault.value || undefined} />
    </div>
  );
}
