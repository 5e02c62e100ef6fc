/** A rule about setting out and stopping comes to nothing for devices that do not tell it: said while it is written. */
import { useSignal } from '@preact/signals';
import type { WishDraft } from '../alerts/wish';
import { changeTrips } from '../api/devices';
import type { Live } from '../live';
import { tick } from '../state';
import { words } from '../words';
import { Fault } from './Field';
import { count } from './format';
import { readRefusal } from './refusal';

const MOST = 100; // devices that are switched on at once; for more there is the API

export function TripsHint({ live, draft }: { live: Live; draft: WishDraft }) {
  void tick.value;
  const [busy, fault] = [useSignal(false), useSignal('')];
  const said = words.value.guard;
  const { devices } = live.feed;
  const isAsked = draft.types.some((type) => type === 'moving' || type === 'stopped');
  const silent = isAsked ? devices.id.filter((id, row) => id && isMeant(draft, id, devices.category[row]!, row)) : [];
  const switchOn = async () => {
    [busy.value, fault.value] = [true, ''];
    try {
      for (const id of silent) await changeTrips(id, true);
    } catch (error) {
      fault.value = readRefusal(error).message;
    }
    await live.readCatalogue();
    busy.value = false;
  };
  function isMeant({ devices: named, categories }: WishDraft, id: string, category: string | null, row: number) {
    const isNamed =
      named.length > 0 ? named.includes(id) : categories.length === 0 || categories.includes(category ?? '');
    return isNamed && !devices.trips[row];
  }
  return (
    <>
      {draft.types.includes('moved') && <p class="hint">{said.movedHint}</p>}
      {silent.length > 0 && (
        <p class="hint trips">
          {said.silent(count(silent.length))}{' '}
          {silent.length <= MOST && (
            <button type="button" class="link" disabled={busy.value} onClick={() => void switchOn()}>
              {said.switchOn}
            </button>
          )}
        </p>
      )}
      <Fault text={fault.value || undefined} />
    </>
  );
}
