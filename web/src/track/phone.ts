/** The phone as a device: what it is paired as, whether it sends, and what it shows. */
import { signal } from '@preact/signals';
import type { Pairing } from './ask';
import { Wake, watchBattery, watchLocation } from './browser';
import { fixOf, type Status } from './frames';
import type { Keep, Line } from './keep';
import { Receiver } from './place';
import { Privacy } from './privacy';
import { Stream } from './stream';

export type State = 'off' | 'live' | 'connecting' | 'offline' | 'paused' | 'replaced' | 'ended' | 'refused';

const INTERVAL_S = 5;
const REPLACED = 4509;
const NOT_SIGNED_IN = 4501;

export class Phone {
  readonly state = signal<State>('off');
  readonly isOn = signal(false);
  readonly sentAt = signal(0);
  readonly ackedAt = signal(0);
  readonly queue = signal(0);
  readonly dropped = signal(0);
  readonly accuracy = signal<number | null>(null);
  readonly battery = signal<number | null>(null);
  readonly interval = signal(INTERVAL_S);
  readonly isAwake = signal(false);
  readonly pausedUntil = signal<number | null>(null);
  readonly trouble = signal<'denied' | 'noPosition' | null>(null);
  readonly lines = signal<readonly Line[]>([]);
  readonly privacy: Privacy;
  private readonly stream: Stream;
  private readonly receiver = new Receiver({
    place: (position) => void this.take(position),
    heard: () => (this.trouble.value = null),
    failed: (isDenied) => (this.trouble.value = isDenied ? 'denied' : 'noPosition'),
  });
  private readonly wake = new Wake((isHeld) => (this.isAwake.value = isHeld));
  private last = 0; // ms, of the newest fix
  private wasLive = false;
  private location: PermissionState | null = null;
  private resumeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly pairing: Pairing,
    private readonly keep: Keep,
    url: string,
  ) {
    this.privacy = new Privacy(pairing, keep);
    this.stream = new Stream(url, pairing.device, pairing.token, keep, {
      status: () => this.status(),
      obey: (name, args, id) => this.obey(name, args, id),
      changed: () => this.changed(),
      ended: (code) => this.ended(code),
      seen: (id, by) => void this.change(id, { seenBy: by, state: 'done' }),
      delivered: (id) => void this.change(id, { state: 'done' }),
    });
  }

  /** As it was left: a reload does not stop it. */
  async wakeUp(): Promise<void> {
    this.interval.value = (await this.keep.setting<number>('interval')) ?? INTERVAL_S;
    const until = (await this.keep.setting<number>('pausedUntil')) ?? 0;
    this.pausedUntil.value = until > Date.now() ? until : null;
    this.lines.value = await this.keep.lines();
    addEventListener('online', () => this.stream.hurry());
    addEventListener('offline', () => this.stream.lose());
    document.addEventListener('visibilitychange', () => this.turned());
    void watchLocation((state) => {
      this.location = state;
      this.stream.tellStatus();
    });
    void watchBattery((level) => {
      this.battery.value = level;
      this.stream.tellStatus();
    });
    // Messages come, and a call for help goes out, also while no position does.
    this.stream.begin();
    if (await this.keep.setting<boolean>('isOn')) await this.start();
    this.waitForEnd();
    await this.privacy.wakeUp();
    await this.show();
  }

  async start(): Promise<void> {
    this.isOn.value = true;
    await this.keep.set('isOn', true);
    this.stream.begin();
    this.run();
  }

  async stop(): Promise<void> {
    this.isOn.value = false;
    await this.keep.set('isOn', false);
    this.run();
  }

  /** Stops measuring, and is not shown: what was measured and is not sent yet is not shown either. */
  async pause(minutes: number): Promise<void> {
    const until = Date.now() + minutes * 60_000;
    await this.setPause(until);
    this.waitForEnd();
    await this.privacy.set({ mode: 'paused', until });
  }

  blur(minutes: number): Promise<void> {
    return this.privacy.set({ mode: 'vague', until: Date.now() + minutes * 60_000 });
  }

  async resume(): Promise<void> {
    await this.setPause(null);
    await this.privacy.set({ mode: 'exact', until: null });
  }

  async write(text: string, alarm = false): Promise<void> {
    const id = `m-${crypto.randomUUID()}`;
    const line: Line = { id, mine: true, text, at: Date.now(), alarm, state: 'waiting', seenBy: null };
    await this.keep.putLine(line);
    this.lines.value = await this.keep.lines();
    this.stream.hurry();
    this.stream.tellLine(line);
  }

  private async setPause(until: number | null): Promise<void> {
    this.pausedUntil.value = until;
    await this.keep.set('pausedUntil', until ?? 0);
    this.stream.tellStatus();
    this.run();
  }

  private waitForEnd(): void {
    clearTimeout(this.resumeTimer);
    const until = this.pausedUntil.value;
    if (until !== null) this.resumeTimer = setTimeout(() => void this.setPause(null), until - Date.now());
  }

  /** Measures, and holds the screen, exactly while it is on and not paused. */
  private run(): void {
    const isRunning = this.isOn.value && this.pausedUntil.value === null;
    if (isRunning) {
      this.trouble.value = null; // what was before a pause
      this.receiver.begin(this.interval.value);
      void this.wake.hold();
    } else {
      this.receiver.end();
      this.wake.release();
    }
    void this.show();
  }

  private turned(): void {
    this.stream.tellStatus();
    if (document.visibilityState !== 'visible') return;
    this.stream.hurry();
    if (this.isOn.value && this.pausedUntil.value === null) void this.wake.hold();
    for (const line of this.lines.value) if (!line.mine && line.state === 'waiting') void this.markRead(line);
  }

  private async take(position: GeolocationPosition): Promise<void> {
    this.trouble.value = null;
    const at = Math.round(position.timestamp);
    if (at <= this.last) return; // told twice: a moment has one place
    this.last = at;
    this.accuracy.value = position.coords.accuracy;
    this.stream.put(await this.keep.put(fixOf(position, this.battery.value)));
    await this.show();
  }

  private status(): Status {
    const until = this.pausedUntil.value;
    return {
      page: document.visibilityState === 'visible' ? 'visible' : 'hidden',
      battery: this.battery.value,
      paused: until !== null,
      until: until === null ? null : new Date(until).toISOString(),
      location: this.location,
    };
  }

  /** What was wrong with it; null: nothing. */
  private async obey(name: string, args: { seconds?: unknown; text?: unknown }, id: string): Promise<string | null> {
    switch (name) {
      case 'report_now':
        return this.receiver.ask().then(
          (position) => this.take(position).then(() => null),
          () => 'no position',
        );
      case 'set_interval':
        return this.setInterval(args.seconds);
      case 'message':
        return this.hear(id, args.text);
      default:
        return `${name} is not known here`;
    }
  }

  private async setInterval(seconds: unknown): Promise<string | null> {
    if (typeof seconds !== 'number' || !(seconds >= 0.1 && seconds <= 86_400)) return 'seconds: 0.1 to 86400';
    this.interval.value = seconds;
    await this.keep.set('interval', seconds);
    this.run();
    return null;
  }

  private async hear(id: string, text: unknown): Promise<string | null> {
    if (typeof text !== 'string') return 'text: expected a string';
    if (this.lines.value.some((line) => line.id === id)) return null; // sent again
    const line: Line = { id, mine: false, text, at: Date.now(), alarm: false, state: 'waiting', seenBy: null };
    await this.keep.putLine(line);
    this.lines.value = await this.keep.lines();
    navigator.vibrate?.(200);
    if (document.visibilityState === 'visible') setTimeout(() => void this.markRead(line)); // behind its result
    return null;
  }

  private async markRead(line: Line): Promise<void> {
    this.stream.tellRead(line.id);
    await this.change(line.id, { state: 'done' });
  }

  private async change(id: string, change: Partial<Line>): Promise<void> {
    const line = (await this.keep.lines()).find((each) => each.id === id);
    if (line) await this.keep.putLine({ ...line, ...change });
    this.lines.value = await this.keep.lines();
  }

  private ended(code: number): void {
    this.receiver.end();
    this.wake.release();
    this.isOn.value = false;
    this.state.value = code === REPLACED ? 'replaced' : code === NOT_SIGNED_IN ? 'ended' : 'refused';
  }

  private changed(): void {
    if (this.stream.isLive && !this.wasLive) void this.privacy.settle();
    this.wasLive = this.stream.isLive;
    void this.show();
  }

  private async show(): Promise<void> {
    this.sentAt.value = this.stream.sentAt;
    this.ackedAt.value = this.stream.ackedAt;
    this.queue.value = await this.keep.count();
    this.dropped.value = this.keep.dropped;
    if (['replaced', 'ended', 'refused'].includes(this.state.value) && !this.isOn.value) return;
    this.state.value = this.found();
  }

  private found(): State {
    if (this.pausedUntil.value !== null) return 'paused';
    if (!this.isOn.value) return 'off';
    if (this.stream.isLive) return 'live';
    return navigator.onLine && !this.stream.isCutOff ? 'connecting' : 'offline';
  }
}
