/** What a form says where something did not work: the server's sentence, or that it did not answer. */
import { ApiError } from '../api/call';
import { words } from '../words';

export function readRefusal(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, words.value.app.noAnswer);
}
