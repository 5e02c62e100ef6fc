/** What was done, by whom and from where; `at` in ms. */
import { call, list, object, textOrNull } from './call';

export interface Entry {
  readonly number: number;
  readonly at: number;
  readonly who: string;
  readonly address: string | null;
  readonly deed: string;
  readonly object: string;
  readonly group: string | null;
  readonly detail: string;
}

const PAGE = 1_000;
const MOST = 5_000; // entries that are kept; of more the newest

/** The newest first. The server tells the oldest first, so all pages are read. */
export async function fetchAudit(): Promise<readonly Entry[]> {
  let found: Entry[] = [];
  for (let after = 0; ; ) {
    const page = await call('GET', `/api/audit?limit=${PAGE}&after=${after}`);
    const entries = list(page['entries']);
    found = [...found, ...entries.map(decodeEntry)].slice(-MOST);
    if (entries.length < PAGE) return found.reverse();
    after = Number(page['next']);
  }
}

function decodeEntry(entry: Record<string, unknown>): Entry {
  return {
    number: Number(entry['number']),
    at: Date.parse(String(entry['at'])),
    who: String(entry['who']),
    address: textOrNull(entry['address']),
    deed: String(entry['deed']),
    object: String(entry['object']),
    group: textOrNull(entry['group']),
    detail: Object.entries(object(entry['detail']))
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join(', '),
  };
}
