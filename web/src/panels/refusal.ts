/** What a form says where something did not work: the server's sentence, or that it did not answer. */
import type { Signal } from '@preact/signals';
import { ApiError } from '../api/call';
import { words } from '../words';

export function readRefusal(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, words.value.app.noAnswer);
}

/** Does one thing after the other; what is refused on the way is the fault, and ends it. */
export async function tryAll(fault: Signal<ApiError | null>, ...steps: (() => Promise<unknown>)[]): Promise<void> {
  fault.value = null;
  try {
    for (const step of steps) await step();
  } catch (error) {
    fault.value = readRefusal(error);
  }
}
