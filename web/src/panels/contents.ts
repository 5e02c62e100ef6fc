/** What there is of a device, in words. */
import type { Contents } from '../api/devices';
import { words } from '../words';
import { count, moment } from './format';

const COUNTED = 1_000_000; // fixes; the server counts no further

export function listContents({ fixes, first, events, messages, pairs }: Contents): string {
  const said = words.value.removal;
  const stored = (fixes >= COUNTED ? said.manyFixes : said.fixes)(count(fixes));
  const parts = [
    fixes > 0 && (first === null ? stored : `${stored} ${said.since(moment(first))}`),
    events > 0 && said.events(count(events)),
    messages > 0 && said.messages(count(messages)),
    pairs > 0 && said.pairs(count(pairs)),
  ].filter((part) => part !== false);
  return parts.length === 0 ? said.nothing : said.goes(parts.join(', '));
}
