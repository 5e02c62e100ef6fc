/** Where a refusal is read: at its field, under the list or on the card, and else over the map. */
import { ApiError } from '../api/call';
import { chosenFence, geofences, mayManage, notice, pane } from '../state';
import { words } from '../words';
import { type Faults, faultAt } from './draft';

/** `isForm`: the form is open, which has a place for each field. */
export function told(error: unknown, isForm: boolean): Faults {
  const faults = faultsIn(error);
  if (isForm) return faults;
  const form = Object.values(faults)[0]!;
  if (hasPlace()) return { form };
  notice.value = form;
  return {};
}

function faultsIn(error: unknown): Faults {
  if (error instanceof TypeError) return { form: words.value.app.noAnswer }; // what fetch says where there is no network
  if (!(error instanceof ApiError)) throw error;
  return faultAt(error.field, error.message);
}

/** The list of who may draw, or the card of what is chosen. */
function hasPlace(): boolean {
  const isListed = pane.peek() === 'geofences' && mayManage.peek();
  return isListed || geofences.peek().some((fence) => fence.id === chosenFence.peek());
}
