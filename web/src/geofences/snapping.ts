/** Whether corners snap to other geofences, as a person left it. */
import { signal } from '@preact/signals';
import { readStored, store } from '../storage';

const KEY = 'tracker.snap';

export const isSnapping = signal(readStored(KEY) !== 'off');

export function switchSnapping(on: boolean): void {
  isSnapping.value = on;
  store(KEY, on ? 'on' : 'off');
}
