/** One try of something that the server may refuse: busy meanwhile, and its sentence afterwards. */
import { useState } from 'preact/hooks';
import { ApiError } from '../api/call';
import { peopleWords } from './words';

export interface Attempt {
  readonly busy: boolean;
  readonly error: string | null;
  /** True where it worked. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
}

export function useAttempt(before: string | null = null): Attempt {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(before);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    const refusal = await explain(work);
    setBusy(false);
    setError(refusal);
    return refusal === null;
  };
  return { busy, error, run };
}

async function explain(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof ApiError ? sentence(error.message) : peopleWords.value.silent;
  }
}

/** Without the field it begins with, and with a capital: it stands alone. */
function sentence(text: string): string {
  const said = text.replace(/^\w+: /, '');
  return said.charAt(0).toUpperCase() + said.slice(1);
}
