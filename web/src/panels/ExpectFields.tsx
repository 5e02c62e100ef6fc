/** Who is to be in a geofence by when: who is not is told of once a day. */
import { DAYS } from '../alerts/wish';
import type { Draft } from '../geofences/draft';
import type { Editor } from '../geofences/editor';
import { type Expected, usualExpected } from '../geofences/expect';
import { drawingWords } from '../geofences/words';
import type { Live } from '../live';
import { words } from '../words';
import { Choices } from './Choices';
import { Days } from './Days';
import { useDeviceNames } from './deviceNames';
import { Fault, Field, Group } from './Field';

interface Props {
  readonly live: Live;
  readonly editor: Editor;
  readonly draft: Draft;
  readonly fault: string | undefined;
}

/** The first of them; others, as a program may have set, stay as they are. */
export function ExpectFields({ live, editor, draft, fault }: Props) {
  const { devices } = live.feed;
  const said = drawingWords.value.drawing.expect;
  const names = useDeviceNames(devices);
  const [first, ...others] = draft.expect;
  const set = (part: Partial<Expected>) => first && editor.change({ expect: [{ ...first, ...part }, ...others] });
  return (
    <Group legend={said.legend}>
      <label class="check">
        <input
          type="checkbox"
          checked={first !== undefined}
          onChange={(event) =>
            editor.change({ expect: event.currentTarget.checked ? [usualExpected(), ...others] : others })
          }
        />{' '}
        {said.on}
      </label>
      {first && (
        <div class="quiet-hours">
          <Choices
            id="expect-devices"
            legend={words.value.app.devices}
            all={names}
            chosen={first.devices}
            placeholder={said.who}
            onChange={(chosen) => set({ devices: chosen })}
          />
          <div class="pair">
            <Field
              id="expect-from"
              label={said.from}
              type="time"
              value={first.from}
              onInput={(from) => set({ from })}
            />
            <Field id="expect-by" label={said.by} type="time" value={first.by} onInput={(by) => set({ by })} />
          </div>
          <Field
            id="expect-zone"
            label={words.value.alerts.form.zone}
            value={first.zone}
            onInput={(zone) => set({ zone })}
          />
          <Days chosen={first.days ?? DAYS} onChange={(days) => set({ days })} />
          <p class="hint">{said.hint}</p>
        </div>
      )}
      <Fault text={fault} />
    </Group>
  );
}
