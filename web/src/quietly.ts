/** Calls on which nothing that is shown depends: where one fails, the next try makes it good. */
import { ApiError } from './api/call';

export async function quietly(
  work: () => Promise<void>,
  refused: (error: ApiError) => void = () => {},
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof ApiError) refused(error);
    else if (!(error instanceof TypeError)) throw error; // fetch says TypeError where there is no network
    return false;
  }
}
