/** Days of the week to tick. */
import { DAYS } from '../alerts/wish';
import { words } from '../words';

interface Props {
  readonly chosen: readonly string[];
  readonly onChange: (days: readonly string[] | null) => void; // null: all
}

export function Days({ chosen, onChange }: Props) {
  const toggle = (id: string, on: boolean) => {
    const left = DAYS.filter((each) => (each === id ? on : chosen.includes(each)));
    onChange(left.length === DAYS.length ? null : left);
  };
  return (
    <div class="days">
      {DAYS.map((id) => (
        <label key={id} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) => toggle(id, event.currentTarget.checked)}
          />
          {words.value.alerts.days[id]}
        </label>
      ))}
    </div>
  );
}
