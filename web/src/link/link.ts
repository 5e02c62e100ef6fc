/** A sharing link as its page knows it: opened by its code, then followed. The bearer is kept in memory, and nowhere else. */
import { signal } from '@preact/signals';
import { backoff } from '../live/backoff';

export interface Shown {
  readonly name: string;
  readonly until: number; // ms
  readonly live: boolean;
  readonly delay: number; // s
  readonly blur: number; // m
  readonly trail: number | null; // s
  readonly hides: boolean;
  readonly frames: readonly string[] | null;
}

export interface Place {
  readonly alias: string;
  readonly name: string;
  readonly at: number; // ms
  readonly lon: number;
  readonly lat: number;
  readonly heading: number | null;
}

export type Line = readonly (readonly [number, number])[];
export type State = 'opening' | 'password' | 'wrong' | 'open' | 'lost' | 'full' | 'ended' | 'foreign' | 'incomplete';

interface Row {
  device: string;
  name: string;
  at: string;
  lon: number;
  lat: number;
  heading: number | null;
}

const ENDED = 4501;
const FULL = 4029;
const CONNECT_MS = 15_000;
const SILENCE_MS = 4_000; // without a word: it is asked for one
const ANSWER_MS = 8_000; // since it was asked: it is lost
const LONGEST = 5_000; // points of a line; the oldest are dropped

export class Link {
  readonly state = signal<State>('opening');
  readonly shown = signal<Shown | null>(null);
  readonly places = signal<ReadonlyMap<string, Place>>(new Map());
  readonly lines = signal<ReadonlyMap<string, Line>>(new Map());
  readonly wait = signal(0); // s, until the next try of a password
  /** What our clock is ahead of the server's, in ms. */
  private ahead = 0;
  private token = '';
  private password: string | null = null;
  private attempt = 0;
  private asked = new Set<string>(); // whose way was read

  /** `framed`: what stands behind `embed` in the address; null: it is no embed. */
  constructor(
    private readonly base: URL,
    private readonly code: string,
    private readonly framed: string | null,
  ) {
    if (code === '') this.state.value = 'incomplete';
    else void this.open();
  }

  now(): number {
    return Date.now() - this.ahead;
  }

  /** What was typed is lost where the page is loaded anew. */
  get isTyped(): boolean {
    return this.password !== null;
  }

  async try(password: string): Promise<void> {
    this.password = password;
    await this.open();
  }

  private async open(): Promise<void> {
    const answer = await this.call('api/session', { share: this.code, password: this.password });
    if (answer === null || answer.status >= 500) return this.again('lost', 0);
    if (answer.status === 401) {
      this.state.value = this.password === null ? 'password' : 'wrong';
      return;
    }
    if (answer.status === 429) return this.refuse(Number(answer.headers.get('Retry-After') ?? 30));
    if (answer.status !== 201) return this.end();
    this.token = ((await answer.json()) as { token: string }).token;
    const me = await this.call('api/me');
    if (me === null || me.status >= 500) return this.again('lost', 0);
    if (me.status !== 200) return this.end();
    this.show(((await me.json()) as { share: Omit<Shown, 'until'> & { until: string } }).share);
  }

  private show(share: Omit<Shown, 'until'> & { until: string }): void {
    if (this.framed === '' && share.frames !== null) {
      this.state.value = 'foreign';
      return;
    }
    this.shown.value = { ...share, until: Date.parse(share.until) };
    this.asked.clear();
    this.listen();
  }

  /** Wrong passwords from here wait; so does who comes when the link is full. */
  private refuse(seconds: number): void {
    if (this.state.value !== 'wrong') return this.again('full', FULL);
    this.wait.value = seconds;
    setTimeout(() => (this.wait.value = 0), seconds * 1000);
  }

  private again(state: State, code: number): void {
    this.state.value = state;
    setTimeout(() => void this.open(), backoff(this.attempt++, code, Math.random));
  }

  private end(): void {
    this.state.value = 'ended';
    this.places.value = new Map();
    this.lines.value = new Map();
  }

  private listen(): void {
    // As a reader of the link, also in a browser that is signed in: its cookie would come along, and show all it may see.
    const socket = new WebSocket(new URL('ws/live?nocookie', this.base).href.replace(/^http/, 'ws'));
    let watch = setTimeout(() => lose(0), CONNECT_MS);
    /** A link whose devices stand still says nothing, and a hidden page's timers come late: silence alone is no loss. */
    const ask = (question: object) => {
      clearTimeout(watch);
      socket.send(JSON.stringify(question));
      watch = setTimeout(() => lose(0), ANSWER_MS); // a network that is gone closes nothing
    };
    const lose = (code: number) => {
      clearTimeout(watch);
      socket.onopen = socket.onclose = socket.onmessage = null;
      socket.close();
      if (code === ENDED)
        void this.open(); // it has ended, or the bearer has: the code says which
      else this.again(code === FULL ? 'full' : 'lost', code);
    };
    socket.onopen = () => ask({ type: 'subscribe', viewport: [-180, -90, 180, 90], rate: 2, token: this.token });
    socket.onmessage = (event) => {
      clearTimeout(watch);
      watch = setTimeout(() => ask({ type: 'ping' }), SILENCE_MS);
      this.hear(JSON.parse(String(event.data)));
    };
    socket.onclose = (event) => lose(event.code);
  }

  private hear(told: { type: string; positions?: Row[]; devices?: string[]; server_time?: string }): void {
    if (told.type === 'subscribed') {
      this.attempt = 0;
      this.state.value = 'open';
      this.ahead = Date.now() - Date.parse(told.server_time ?? new Date().toISOString());
    }
    const places = new Map(told.type === 'snapshot' ? [] : this.places.value);
    for (const row of told.positions ?? []) places.set(row.device, read(row));
    if (told.type === 'gone') for (const alias of told.devices ?? []) this.forget(places, alias);
    if (told.positions || told.type === 'gone') this.places.value = places;
    for (const row of told.positions ?? []) this.extend(row);
  }

  private forget(places: Map<string, Place>, alias: string): void {
    places.delete(alias);
    this.asked.delete(alias); // its way is read anew when it is back
  }

  private extend(row: Row): void {
    const { trail, live } = this.shown.value ?? { trail: 0, live: true };
    if (live && trail === 0) return;
    if (!this.asked.has(row.device)) {
      this.asked.add(row.device);
      void this.read(row.device);
      return;
    }
    const line = this.lines.value.get(row.device) ?? [];
    const last = line.at(-1);
    if (last?.[0] === row.lon && last[1] === row.lat) return;
    this.draw(row.device, [...line.slice(-LONGEST + 1), [row.lon, row.lat]]);
  }

  private async read(alias: string): Promise<void> {
    const answer = await this.call(`api/devices/${alias}/track?max_points=2000`);
    if (answer?.status !== 200) return;
    const { geometry } = (await answer.json()) as { geometry: { coordinates: [number, number][] } | null };
    this.draw(alias, geometry?.coordinates ?? []);
  }

  private draw(alias: string, line: Line): void {
    this.lines.value = new Map(this.lines.value).set(alias, line);
  }

  private call(path: string, body?: object): Promise<Response | null> {
    const headers = body
      ? { 'Content-Type': 'application/json' }
      : { Authorization: `Bearer ${this.token}`, Accept: 'application/json' };
    return fetch(new URL(path, this.base), {
      method: body ? 'POST' : 'GET',
      headers,
      credentials: 'omit',
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => null);
  }
}

function read(row: Row): Place {
  return {
    alias: row.device,
    name: row.name,
    at: Date.parse(row.at),
    lon: row.lon,
    lat: row.lat,
    heading: row.heading,
  };
}
