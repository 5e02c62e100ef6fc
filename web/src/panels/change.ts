/** The form of a device as what is sent. */
import { ApiError } from '../api/call';
import type { DeviceChange } from '../api/devices';
import { words } from '../words';

/** What is typed as the server wants it, or what is wrong with it. */
export function readChange(typed: Readonly<Record<string, string>>): Omit<DeviceChange, 'trips'> | ApiError {
  const { name = '', category = '', interval = '', color = '', icon = '', notes = '' } = typed;
  const seconds = Number(interval.replace(',', '.'));
  if (name.trim() === '') return new ApiError(0, words.value.editing.nameMissing, 'name');
  if (Number.isNaN(seconds)) return new ApiError(0, words.value.app.notANumber, 'interval');
  return { name: name.trim(), category: category.trim(), interval: seconds, color, icon, notes };
}
