/** What is said of a gathering before its link is made. */
import { useSignal } from '@preact/signals';
import type { ApiError } from '../api/call';
import { makeGathering, type NewGathering } from '../api/gatherings';
import { fetchGroups } from '../api/groups';
import { useFirstField } from '../focus';
import { Fault, Field } from '../panels/Field';
import { readRefusal } from '../panels/refusal';
import { GroupPick, useGroups } from './GroupPick';
import { joiningWords } from './words';

const DAYS = [1, 3, 7, 30, 365] as const;
const DAY_MS = 86_400_000;
const MOST = 500; // phones
const SHOWN = ['name', 'most'];

export function GatheringForm({ onMade }: { onMade: (gathering: NewGathering) => void }) {
  const [name, days, most, group] = [useSignal(''), useSignal(1), useSignal(String(MOST)), useSignal('')];
  const fault = useSignal<ApiError | null>(null);
  const groups = useGroups();
  const form = useFirstField();
  const said = joiningWords.value;
  const faultOf = (field: string) => (fault.value?.field === field ? fault.value.message : undefined);
  const save = async (event: Event) => {
    event.preventDefault();
    const until = new Date(Date.now() + days.value * DAY_MS);
    try {
      const chosen = group.value || ((groups ?? (await fetchGroups()))[0]?.id ?? null);
      onMade(await makeGathering({ name: name.value.trim(), until, most: Number(most.value), group: chosen }));
    } catch (error) {
      fault.value = readRefusal(error);
    }
  };
  if (groups?.length === 0) return <p class="hint">{said.needsGroup}</p>;
  return (
    <form class="form" ref={form} onSubmit={(event) => void save(event)}>
      <Field
        id="gathering-name"
        label={said.name}
        value={name.value}
        onInput={(text) => (name.value = text)}
        hint={said.nameHint}
        fault={faultOf('name')}
      />
      {groups !== null && (
        <GroupPick
          id="gathering-group"
          groups={groups}
          value={group.value || groups[0]!.id}
          onPick={(id) => (group.value = id)}
        />
      )}
      <div class="field">
        <label for="gathering-days">{said.lives}</label>
        <select
          id="gathering-days"
          value={String(days.value)}
          onChange={(event) => (days.value = Number(event.currentTarget.value))}
        >
          {DAYS.map((each) => (
            <option key={each} value={String(each)}>
              {said.days(each)}
            </option>
          ))}
        </select>
      </div>
      <Field
        id="gathering-most"
        label={said.most}
        value={most.value}
        onInput={(text) => (most.value = text)}
        numeric
        fault={faultOf('most')}
      />
      {fault.value && !SHOWN.includes(fault.value.field ?? '') && <Fault text={fault.value.message} />}
      <button type="submit" class="primary">
        {said.make}
      </button>
    </form>
  );
}
