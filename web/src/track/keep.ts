/**
 * What the phone keeps: fixes that are not stored by the server yet, the conversation, and who it is. In IndexedDB, so
 * that it survives a reload without a network. Fixes: MOST at most; beyond it the oldest go, and are counted.
 */
export interface Fix {
  readonly at: string;
  readonly lon: number;
  readonly lat: number;
  readonly accuracy?: number;
  readonly altitude?: number;
  readonly speed?: number;
  readonly heading?: number;
  readonly battery?: number;
}

export interface KeptFix {
  readonly key: number;
  readonly fix: Fix;
}

/** A line of the conversation. `state`: of one of ours, until the server has it; of one of theirs, until it was read. */
export interface Line {
  readonly id: string;
  readonly mine: boolean;
  readonly text: string;
  readonly at: number;
  readonly alarm: boolean;
  readonly state: 'waiting' | 'done';
  readonly seenBy: string | null;
}

const MOST = 100_000; // a day at one a second
const LINES = 100;

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Keep {
  dropped = 0;

  private constructor(private readonly db: IDBDatabase) {}

  static async open(): Promise<Keep> {
    const request = indexedDB.open('tracker.phone', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('fix', { autoIncrement: true });
      request.result.createObjectStore('line', { keyPath: 'id' });
      request.result.createObjectStore('setting');
    };
    return new Keep(await asked(request));
  }

  private store(name: string, mode: IDBTransactionMode = 'readonly'): IDBObjectStore {
    return this.db.transaction(name, mode).objectStore(name);
  }

  async put(fix: Fix): Promise<KeptFix> {
    const fixes = this.store('fix', 'readwrite');
    const key = Number(await asked(fixes.add(fix)));
    if ((await asked(fixes.count())) > MOST) {
      const oldest = (await asked(fixes.getAllKeys(null, 1)))[0]!;
      await asked(fixes.delete(oldest));
      this.dropped += 1;
    }
    return { key, fix };
  }

  async remove(keys: readonly number[]): Promise<void> {
    const fixes = this.store('fix', 'readwrite');
    await Promise.all(keys.map((key) => asked(fixes.delete(key))));
  }

  /** The oldest with a key after this one. */
  async take(after: number, most: number): Promise<KeptFix[]> {
    const fixes = this.store('fix');
    const range = IDBKeyRange.lowerBound(after, true);
    const [keys, found] = await Promise.all([asked(fixes.getAllKeys(range, most)), asked(fixes.getAll(range, most))]);
    return keys.map((key, n) => ({ key: Number(key), fix: found[n] as Fix }));
  }

  count(): Promise<number> {
    return asked(this.store('fix').count());
  }

  async newest(): Promise<number> {
    const cursor = await asked(this.store('fix').openKeyCursor(null, 'prev'));
    return cursor ? Number(cursor.key) : 0;
  }

  async lines(): Promise<Line[]> {
    const found = (await asked(this.store('line').getAll())) as Line[];
    return found.sort((a, b) => a.at - b.at);
  }

  async putLine(line: Line): Promise<void> {
    await asked(this.store('line', 'readwrite').put(line));
    const all = await this.lines();
    const old = all.slice(0, Math.max(0, all.length - LINES)).filter((each) => each.state === 'done');
    const lines = this.store('line', 'readwrite');
    await Promise.all(old.map((each) => asked(lines.delete(each.id))));
  }

  async setting<T>(name: string): Promise<T | undefined> {
    return (await asked(this.store('setting').get(name))) as T | undefined;
  }

  async set(name: string, value: unknown): Promise<void> {
    await asked(this.store('setting', 'readwrite').put(value, name));
  }

  /** Paired anew: what was kept is of the former device. */
  async clear(): Promise<void> {
    await asked(this.store('fix', 'readwrite').clear());
    await asked(this.store('line', 'readwrite').clear());
  }
}
