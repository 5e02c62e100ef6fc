/** Who sees a device, and who looked where it had been; the dashboard and the phone page show the same. */
import { type Json, list, textOrNull } from '../api/json';

/** Times in ms. */
export interface Watchers {
  readonly people: readonly {
    readonly kind: string;
    readonly name: string;
    readonly role: string;
    readonly group: string | null;
  }[];
  readonly links: readonly { readonly id: string; readonly name: string; readonly until: number }[];
  readonly readings: readonly { readonly at: number; readonly who: string; readonly link: string | null }[];
}

export function readWatchers(found: Json): Watchers {
  return {
    people: list(found['watchers']).map((each) => ({
      kind: String(each['kind']),
      name: String(each['name']),
      role: String(each['role']),
      group: textOrNull(each['group']),
    })),
    links: list(found['links']).map((each) => ({
      id: String(each['id']),
      name: String(each['name']),
      until: Date.parse(String(each['until'])),
    })),
    readings: list(found['readings']).map((each) => ({
      at: Date.parse(String(each['at'])),
      who: String(each['who']),
      link: textOrNull(each['link']),
    })),
  };
}
