/** Opens the dialogue in which a device is added. */
import { addingShown } from '../state';
import { words } from '../words';
import { PlusIcon } from './Icons';

export function AddButton() {
  return (
    <button type="button" class="add" onClick={() => (addingShown.value = true)}>
      <PlusIcon /> {words.value.adding.title}
    </button>
  );
}
