/** The hours in which nobody is told. */
import type { Desk } from '../alerts/desk';
import { DAYS, usualQuiet, type WishDraft } from '../alerts/wish';
import { words } from '../words';
import { Days } from './Days';
import { Fault, Field, Group } from './Field';

export function QuietFields({ desk, draft }: { desk: Desk; draft: WishDraft }) {
  const { quiet } = draft;
  const said = words.value.alerts.form;
  const set = (part: Partial<NonNullable<WishDraft['quiet']>>) =>
    quiet && desk.change({ quiet: { ...quiet, ...part } });
  return (
    <Group legend={said.quiet}>
      <label class="check">
        <input
          type="checkbox"
          checked={quiet !== null}
          onChange={(event) => desk.change({ quiet: event.currentTarget.checked ? usualQuiet() : null })}
        />{' '}
        {said.notAlways}
      </label>
      {quiet && (
        <div class="quiet-hours">
          <div class="pair">
            <Field id="quiet-from" label={said.from} type="time" value={quiet.from} onInput={(from) => set({ from })} />
            <Field id="quiet-to" label={said.until} type="time" value={quiet.to} onInput={(to) => set({ to })} />
          </div>
          <Field id="quiet-zone" label={said.zone} value={quiet.zone} onInput={(zone) => set({ zone })} />
          <Days chosen={quiet.days ?? DAYS} onChange={(days) => set({ days })} />
          <label class="check">
            <input
              type="checkbox"
              checked={quiet.then === 'hold'}
              onChange={(event) => set({ then: event.currentTarget.checked ? 'hold' : 'drop' })}
            />{' '}
            {said.hold}
          </label>
        </div>
      )}
      <Fault text={desk.faults.value['quiet']} />
    </Group>
  );
}
