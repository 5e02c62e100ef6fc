/** Ties the stream to what is shown: the one place where frames become ticks and people's moves become subscriptions. */
import { batch, effect, signal } from '@preact/signals';
import { onSessionEnd } from './api/call';
import { fetchDevices } from './api/devices';
import { fetchEvents } from './api/events';
import { fetchGeofences, fetchGeofencesTag } from './api/geofences';
import { fetchMessageHead, fetchSeen, fetchThread, type Seen, sayAsSeen } from './api/messages';
import { fetchMe } from './api/sign-in';
import { Feed } from './live/feed';
import type { TrackerEvent, Viewport } from './live/frames';
import type { Link } from './live/socket';
import type { Message } from './live/threads';
import type { MapView } from './map/view';
import { quietly } from './quietly';
import { besideDetail } from './room';
import * as state from './state';
import { letGo, passOver } from './there';
import { words } from './words';

const TICK_MS = 250; // panels need no more
const EVENTS_SHOWN = 100; // of the log, at the start
const CATALOGUE_MS = 60_000; // devices and geofences others have made or changed meanwhile
const FENCES_MS = 3_000; // until what somebody else has drawn is on this map

export class Live {
  readonly feed: Feed;
  readonly view = signal<MapView | null>(null);
  private ticking = false;
  private bounds: Viewport | null = null;
  private zoom = 0;
  private fencesTag: string | null = null;
  stood: number | null = null; // the row that came chosen with a place to look at, which counts more than that it is seen
  private flyTo: number | null = null; // a row whose place we do not know yet
  private placeWanted: [number, number] | null = null; // of an event, as soon as there is a map
  private stopped: (() => void)[] = [];

  constructor(url: string) {
    this.feed = new Feed(url, {
      healthChanged: (health, link) => this.healthChanged(health, link),
      moved: () => this.moved(),
      happened: (event) => this.happened(event),
      said: (message) => this.said(message),
      missed: (head) => void this.readLog(head),
      counted: (cells) => this.view.peek()?.showCells(cells),
    });
  }

  start(): void {
    const online = () => this.feed.nudge();
    const visible = () => (document.hidden ? this.feed.pause() : this.feed.resume());
    addEventListener('online', online);
    document.addEventListener('visibilitychange', visible);
    const clock = setInterval(() => state.second.value++, 1000);
    const fences = setInterval(() => void this.lookForFences(), FENCES_MS);
    const catalogue = setInterval(() => void this.readCatalogue(), CATALOGUE_MS);
    this.stopped = [
      () => removeEventListener('online', online),
      () => document.removeEventListener('visibilitychange', visible),
      () => clearInterval(clock),
      () => clearInterval(catalogue),
      () => clearInterval(fences),
      effect(() => this.selectionChanged(state.selected.value)),
      effect(() => this.view.value?.chooseFence(state.chosenFence.value)),
      effect(() => this.wishChanged([state.followed.value, state.picked.value, state.trailed.value])),
    ];
    onSessionEnd(() => this.sessionEnded());
    void this.readCatalogue();
    this.feed.start();
  }

  stop(): void {
    this.feed.stop();
    for (const stop of this.stopped) stop();
    this.stopped = [];
  }

  looked(bounds: Viewport, zoom: number): void {
    this.bounds = bounds;
    this.zoom = zoom;
    state.looked.value = { bounds, zoom };
    this.see();
  }

  /** Shows a device, wherever it is; where its place is not known yet, as soon as it is. */
  goTo(row: number): void {
    batch(() => {
      if (!state.followed.peek().has(this.feed.devices.id[row]!)) state.followed.value = new Set();
      state.camera.value = null; // the device says where
      state.selected.value = row;
    });
    this.flyTo = row;
    this.see();
    this.flyIfKnown();
  }

  /** By its id, which need not be known yet: the name comes with the catalogue. */
  goToDevice(id: string): void {
    this.goTo(this.rowOf(id));
  }

  rowOf(id: string): number {
    const { devices } = this.feed;
    return devices.row(id) ?? devices.learn(id, id, null);
  }

  /** By its number, as a link in an alert says it: it may be older than what the feed has. */
  async goToEvent(id: number): Promise<void> {
    state.chosenEvent.value = id;
    await quietly(async () => {
      const [event] = await fetchEvents(id - 1, 1);
      if (event?.id !== id) {
        state.chosenEvent.value = null; // cut from the log by now, or not for this reader
        return passOver([String(id)]);
      }
      this.feed.events.keep(event);
      batch(() => {
        state.events.value = this.feed.events.events;
        state.chosenEvent.value = id;
        if (innerWidth < 760) state.pane.value = 'events';
      });
      if (Number.isFinite(event.lon)) this.placeWanted = [event.lon, event.lat];
      this.flyIfKnown();
    });
  }

  private see(): void {
    const { devices } = this.feed;
    this.feed.see({
      bounds: this.bounds,
      zoom: this.zoom,
      devices: devices.size,
      shown: devices.shownCount(),
      wanted: this.wanted(),
    });
  }

  /** What is sent wherever it is. */
  private wanted(): readonly string[] {
    const row = state.selected.peek();
    const { followed, trailed } = state;
    return [...new Set([...(row === null ? [] : [this.feed.devices.id[row]!]), ...followed.peek(), ...trailed.peek()])];
  }

  private wishChanged(_: unknown): void {
    this.view.value?.mark(this.rowsOf(state.picked.peek()), this.rowsOf(state.followed.peek()));
    this.see();
  }

  private rowsOf(ids: ReadonlySet<string>): ReadonlySet<number> {
    return new Set([...ids].map((id) => this.feed.devices.row(id)).filter((row) => row !== undefined));
  }

  private moved(): void {
    this.view.peek()?.update();
    if (this.ticking) return;
    this.ticking = true;
    setTimeout(() => {
      this.ticking = false;
      this.ticked();
    }, TICK_MS);
  }

  private ticked(): void {
    batch(() => {
      state.events.value = this.feed.events.events;
      state.tick.value++;
    });
    this.flyIfKnown();
  }

  private flyIfKnown(): void {
    const view = this.view.peek();
    if (this.placeWanted && view) {
      view.flyTo(...this.placeWanted, [0, 0]);
      this.placeWanted = this.flyTo = null; // the event is what was asked for
      return;
    }
    const row = this.flyTo;
    const { devices } = this.feed;
    if (row === null || !devices.shown[row] || Number.isNaN(devices.at[row])) return;
    this.flyTo = null;
    this.view.peek()?.flyTo(devices.lonE7[row]! / 1e7, devices.latE7[row]! / 1e7, besideDetail());
  }

  private happened(event: TrackerEvent): void {
    this.moved(); // the next tick shows it: a burst of events is drawn once
    if (event.geofence === null) return;
    this.view.peek()?.lightFence(event.geofence);
    if (!state.geofenceNames.peek().has(event.geofence)) void this.readGeofences();
  }

  /** A message is new, or something has become of it; also told by who has just sent one. */
  said(message: Message): void {
    const { threads, devices } = this.feed;
    if (threads.add(message)) {
      const name = devices.name[devices.row(message.device) ?? -1] ?? message.device;
      state.announced.value = words.value.talk.said(name);
    }
    if (message.event !== null && message.state === 'read') void this.learnSeen(message.event, true);
    this.talked();
  }

  private talked(): void {
    state.unread.value = new Map(this.feed.threads.unread);
    state.talked.value++;
  }

  /** Somebody looks at the conversation with this device, or at none. */
  async openThread(device: string | null): Promise<void> {
    const { threads } = this.feed;
    threads.look(device);
    this.talked();
    if (device === null) return;
    threads.fill(device, await fetchThread(device));
    this.talked();
  }

  /** Asks who has seen a call for help; `anew` where that has just changed. */
  async learnSeen(event: number, anew = false): Promise<void> {
    if (!anew && state.seen.peek().has(event)) return;
    await quietly(async () => this.knowSeen(event, await fetchSeen(event)));
  }

  /** Of a call for help: somebody here has seen it, which the phone is told. */
  async markSeen(event: number): Promise<void> {
    this.knowSeen(event, await sayAsSeen(event));
  }

  private knowSeen(event: number, seen: Seen): void {
    state.seen.value = new Map(state.seen.peek()).set(event, seen);
  }

  private healthChanged(health: Feed['health'], link: Link): void {
    state.health.value = health;
    state.link.value = link;
    if (link.state === 'refused') {
      if (link.code === 4501) this.sessionEnded();
    } else if (link.state === 'waiting' && !link.everOpen) {
      void this.checkDoor(); // a refused handshake shows as no more than a failure: ask whether we are signed out
    } else if (health === 'live') {
      state.placed.value = true;
      this.view.peek()?.lack.complete();
      this.see();
    }
  }

  /** Back to where one was after signing in again: nothing is thrown away, and nothing is asked for meanwhile. */
  private sessionEnded(): void {
    if (state.door.peek().state !== 'open') return;
    this.feed.stop();
    state.door.value = { state: 'closed', why: words.value.app.sessionEnded, kept: true };
  }

  comeBack(): void {
    this.feed.start();
    if (state.log.peek() !== 'loaded') this.readLogAgain();
    void this.readCatalogue();
  }

  private async checkDoor(): Promise<void> {
    await quietly(
      async () => void (await fetchMe()),
      (error) => {
        if (error.status === 401) this.sessionEnded();
      },
    );
  }

  /** The devices and geofences there are; also asked for by who has changed a device. */
  async readCatalogue(): Promise<void> {
    if (state.door.peek().state !== 'open') return;
    const loaded = await quietly(async () => {
      const found = await fetchDevices();
      for (const entry of found) {
        const row = this.feed.devices.learn(entry.id, entry.name, entry.category);
        this.feed.devices.dress(row, entry);
        this.feed.devices.watch(row, entry.trips, entry.guard);
        this.feed.devices.give(row, entry.person);
      }
      this.feed.devices.retain(new Set(found.map((device) => device.id)));
      letGo(this.feed.devices);
      const ours = this.feed.threads.last;
      if (found[0]) this.feed.messagesUpTo(await fetchMessageHead(found[0].id), ours);
      this.talked();
    });
    const isWhole = (await this.readGeofences()) && loaded;
    if (isWhole || state.catalogue.peek() === 'loading') state.catalogue.value = isWhole ? 'loaded' : 'failed';
    this.wishChanged(null); // names have become rows
    state.tick.value++;
  }

  /** Reads them only where one has changed, by whomever. */
  private async lookForFences(): Promise<void> {
    if (document.hidden || state.door.peek().state !== 'open' || state.health.peek() !== 'live') return;
    await quietly(async () => {
      const tag = await fetchGeofencesTag(this.fencesTag);
      if (tag === null || tag === this.fencesTag) return;
      this.fencesTag = tag;
      await this.readGeofences(); // the first time, too: one may have changed since they were read
    });
  }

  /** Shows what there is now; also asked for by who has changed one. */
  async readGeofences(): Promise<boolean> {
    return quietly(async () => {
      const fences = await fetchGeofences();
      state.geofences.value = fences;
      if (!fences.some((fence) => fence.id === state.chosenFence.peek())) state.chosenFence.value = null;
      this.view.peek()?.showFences(fences);
    });
  }

  /** Numbers have no gaps, so the newest hundred are those after head - 100. */
  readLogAgain(): void {
    state.log.value = 'loading';
    void this.readLog(this.feed.events.last ?? 0);
  }

  private async readLog(head: number): Promise<void> {
    const isRead = await quietly(async () => {
      const after = Math.max(0, head - EVENTS_SHOWN);
      this.feed.events.fill(await fetchEvents(after, EVENTS_SHOWN), after);
    });
    const isIn = state.door.peek().state === 'open'; // else it is read when somebody has signed in again
    state.log.value = isRead ? 'loaded' : isIn ? 'failed' : 'loading';
    state.events.value = this.feed.events.events;
  }

  private selectionChanged(row: number | null): void {
    state.cardView.value = 'now';
    if (row !== null) state.chosenFence.value = null;
    this.view.peek()?.select(row);
    this.see();
  }
}
