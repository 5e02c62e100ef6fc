/** Signing in by a key, and what a door says that stays shut. Apart from the door itself, which few see at each start. */
import { ApiError } from '../api/call';
import { type Key, signIn } from '../api/sign-in';
import { doorWords } from './door-words';

/** Null where the key opened the door, else a sentence. */
export async function trySignIn(key: Key): Promise<string | null> {
  try {
    await signIn(key);
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) return doorWords.value.silent;
    if (error.status === 401 && 'link' in key) return doorWords.value.linkUsed;
    if (error.status === 401 || error.status === 422) return doorWords.value.tokenUnknown;
    return error.message;
  }
}
