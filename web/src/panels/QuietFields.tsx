/** The hours in which nobody is told. */
import type { Desk } from '../alerts/desk';
import { DAYS, usualQuiet, type WishDraft } from '../alerts/wish';
import { words } from '../words';
import { Fault, Field, Group } from './Field';

export function QuietFields({ desk, draft }: { desk: Desk; draft: WishDraft }) {
  const { quiet } = draft;
  const said = words.value.alerts.form;
  const set = (part: Partial<NonNullable<WishDraft['quiet']>>) =>
    quiet && desk.change({ quiet: { ...quiet, ...part } });
  const days = quiet?.days ?? DAYS;
  const toggle = (id: string, on: boolean) => {
    const left = DAYS.filter((each) => (each === id ? on : days.includes(each)));
    set({ days: left.length === DAYS.length ? null : left });
  };
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
          <div class="days">
            {DAYS.map((id) => (
              <label key={id} class="check">
                <input
                  type="checkbox"
                  checked={days.includes(id)}
                  onChange={(event) => toggle(id, event.currentTarget.checked)}
                />
                {words.value.alerts.days[id]}
              </label>
            ))}
          </div>
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
