/** The roles somebody may have in a group, to choose from. */
import { peopleWords } from './words';

const ROLES = ['viewer', 'dispatcher', 'manager'] as const;

export function RoleOptions() {
  return (
    <>
      {ROLES.map((each) => (
        <option key={each} value={each}>
          {peopleWords.value.roles[each]}
        </option>
      ))}
    </>
  );
}
