/** Of which device, in which geofence, of which kind the feed tells. */
import { useSignal } from '@preact/signals';
import type { Live } from '../live';
import { ANY_EVENT, feedFilter, geofenceNames, tick } from '../state';
import { words } from '../words';
import { DeviceChoices, findDevice } from './DeviceChoices';
import { compareNames } from './format';
import { CloseIcon } from './Icons';
import { isolated, Name } from './Name';
import { isNarrow } from './order';

export function FeedFilters({ live, open }: { live: Live; open: boolean }) {
  void tick.value; // names come later
  const wanted = feedFilter.value;
  const said = words.value.events;
  const named = (id: string) => live.feed.devices.name[live.feed.devices.row(id) ?? -1] ?? id;
  return (
    <div class="feed-filters" role="group" aria-label={said.more}>
      {open && <Fields live={live} />}
      {isNarrow(wanted) && (
        <p class="chips">
          {wanted.device && <Chip text={named(wanted.device)} without={{ device: '' }} />}
          {wanted.geofence && (
            <Chip text={geofenceNames.value.get(wanted.geofence) ?? wanted.geofence} without={{ geofence: '' }} />
          )}
          {wanted.kind && <Chip text={said.kinds[wanted.kind] ?? wanted.kind} without={{ kind: '' }} />}
          <button type="button" class="link" onClick={() => (feedFilter.value = ANY_EVENT)}>
            {said.clear}
          </button>
        </p>
      )}
    </div>
  );
}

function Fields({ live }: { live: Live }) {
  const said = words.value.events;
  const typed = useSignal('');
  const wanted = feedFilter.value;
  const choose = (text: string) => {
    typed.value = text;
    const found = findDevice(live, text, '');
    if (found === null) return;
    typed.value = '';
    feedFilter.value = { ...wanted, device: found };
  };
  const fences = [...geofenceNames.value].sort((a, b) => compareNames(a[1], b[1]));
  return (
    <div class="fields">
      <input
        list="feed-devices"
        aria-label={said.ofDevice}
        placeholder={said.ofDevice}
        autocomplete="off"
        value={typed.value}
        onInput={(event) => choose(event.currentTarget.value)}
      />
      <DeviceChoices live={live} list="feed-devices" />
      <select
        aria-label={said.inGeofence}
        value={wanted.geofence}
        onChange={(event) => (feedFilter.value = { ...wanted, geofence: event.currentTarget.value })}
      >
        <option value="">{said.anyGeofence}</option>
        {fences.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function Chip({ text, without }: { text: string; without: object }) {
  return (
    <span class="chip">
      <Name text={text} />
      <button
        type="button"
        aria-label={words.value.events.without(isolated(text))}
        onClick={() => (feedFilter.value = { ...feedFilter.value, ...without })}
      >
        <CloseIcon />
      </button>
    </span>
  );
}
