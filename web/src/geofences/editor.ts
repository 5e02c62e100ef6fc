/** Making, changing and deleting geofences: between the form, what is drawn on the map, and the server. */
import { signal } from '@preact/signals';
import type { Position } from 'geojson';
import { ApiError } from '../api/call';
import { createGeofence, type FenceKind, type Geofence, replaceGeofence, revisionOf } from '../api/geofences';
import type { Live } from '../live';
import { rounded } from '../map/circle';
import type { Drawing, Shape } from '../map/drawing';
import { chosenFence, geofences, managed, pane, selected } from '../state';
import { words } from '../words';
import { findCrossings } from './crossing';
import { Deeds } from './deeds';
import {
  blank,
  canReshape,
  type Draft,
  draftOf,
  type Faults,
  faultsOf,
  featureOf,
  number,
  placesOf,
  without,
} from './draft';
import { History } from './history';
import { Importing } from './importing';
import { marginOf } from './missing';
import { isSnapping } from './snapping';
import { told } from './told';
import { learnUsual, type Usual } from './usual';

const MIDDLE_METRES = 100;

export class Editor {
  readonly draft = signal<Draft | null>(null);
  readonly faults = signal<Faults>({});
  readonly busy = signal(false);
  /** Why this shape can be looked at and not reshaped; null where it can. */
  readonly fixed = signal<string | null>(null);
  /** It was changed (null: deleted) by somebody else while it was edited here. */
  readonly conflict = signal<{ readonly theirs: Geofence | null } | null>(null);
  /** Which of several that one manages a new one is put into; empty where they were not read. */
  readonly group = signal('');
  /** What was saved and deleted here. */
  readonly deeds = new Deeds();
  /** Where what is drawn goes through itself. */
  readonly crosses = signal(false);
  /** The border or the way as it is drawn just now. */
  readonly places = signal<readonly Position[]>([]);
  /** How exactly and how often tells of itself whom one had chosen, or all there are. */
  readonly usual = signal<Usual | null>(null);
  readonly steps = signal<{ readonly back: boolean; readonly forth: boolean }>({ back: false, forth: false });
  readonly importing: Importing;
  private readonly history = new History<Draft>();
  private drawing: Drawing | null = null;
  private origin: Geofence | null = null; // what is edited, as it was read
  private before: Shape | null = null; // the shape to come back to, where one is being drawn anew
  private then: ((id: string | null) => void) | null = null;
  private underWay: Promise<void> = Promise.resolve();
  private turn = 0; // counts drawings begun: one whose chunk comes late may no longer be wanted

  constructor(private readonly live: Live) {
    this.importing = new Importing(live);
  }

  /** `then` hears its id when it is saved, and null when it is given up. */
  begin(kind: FenceKind, then: ((id: string | null) => void) | null = null): void {
    this.open({ ...blank(kind), name: this.draft.peek()?.name ?? '' });
    this.then = then;
    void this.drawNow(null);
  }

  edit(fence: Geofence): void {
    this.open(draftOf(fence));
    this.origin = fence;
    this.live.view.peek()?.fitFence(fence, { top: 90, bottom: 70, left: 70, right: 70 });
    this.before = { geometry: fence.geometry, radius: fence.radius };
    void this.drawNow(this.before);
  }

  /** A circle where one looks: for who has no mouse to draw with. */
  placeInMiddle(): void {
    const { lng, lat } = this.live.view.peek()!.map.getCenter();
    const shape: Shape = {
      geometry: { type: 'Point', coordinates: [rounded(lng), rounded(lat)] },
      radius: MIDDLE_METRES,
    };
    this.drawn(shape);
    void this.drawNow(shape);
  }

  /** The same geofence, another shape. */
  drawAgain(): void {
    const { geometry, radius } = this.draft.peek()!;
    if (geometry) this.before = { geometry, radius: Number.isNaN(number(radius)) ? null : number(radius) };
    this.change({ geometry: null });
    void this.drawNow(null);
  }

  /** What is being drawn and has no shape yet is dropped; a geofence that had one gets it back. */
  giveUpDrawing(): void {
    const draft = this.draft.peek();
    if (!draft || draft.geometry !== null) return;
    if (!this.before) return this.close();
    const { geometry, radius } = this.before;
    this.change({ geometry });
    if (radius !== null) this.change({ radius: String(radius) });
    void this.drawNow(this.before);
  }

  change(part: Partial<Draft>): void {
    const before = this.draft.peek();
    if (!before) return;
    const draft = { ...before, ...part };
    this.remember(before, Object.keys(part).join());
    this.draft.value = draft;
    this.faults.value = without(this.faults.peek(), Object.keys(part));
    const radius = number(draft.radius);
    if (part.radius !== undefined && draft.kind === 'circle' && draft.geometry && radius > 0)
      this.drawing?.reshape({ geometry: draft.geometry, radius });
    if (part.radius !== undefined || part.geometry !== undefined) this.sketch(placesOf(draft));
    else if (part.width !== undefined || part.preset !== undefined) this.sketch(this.places.peek());
  }

  /** One step back: a corner while it is drawn, else the last change of the draft, else what was saved or deleted last. */
  undo(): void {
    if (!this.draft.peek()) return void this.step((deeds) => deeds.undo());
    if (!this.drawing?.undo()) this.goTo(this.history.back(this.draft.peek()!));
  }

  redo(): void {
    if (!this.draft.peek()) return void this.step((deeds) => deeds.redo());
    if (!this.drawing?.redo()) this.goTo(this.history.forth(this.draft.peek()!));
  }

  private goTo(draft: Draft | null): void {
    if (!draft) return;
    const shape = this.draft.peek()!.geometry;
    this.draft.value = draft;
    this.faults.value = {};
    this.count();
    const radius = number(draft.radius);
    const held = draft.geometry && { geometry: draft.geometry, radius: Number.isNaN(radius) ? null : radius };
    if (held && shape) this.drawing?.reshape(held);
    else if (held !== shape) void this.drawNow(held);
    this.sketch(placesOf(draft));
  }

  private remember(before: Draft, field: string): void {
    this.history.note(before, field, performance.now());
    this.count();
  }

  private count(): void {
    this.steps.value = { back: this.history.canGoBack, forth: this.history.canGoForth };
  }

  private sketch(places: readonly Position[]): void {
    const draft = this.draft.peek();
    const view = this.live.view.peek();
    if (!draft || !view) return;
    this.places.value = places;
    const crossings = draft.kind === 'polygon' ? findCrossings(places) : [];
    this.crosses.value = crossings.length > 0;
    const [way, border] = draft.kind === 'corridor' ? [places, []] : [[], places];
    const margin = marginOf(draft.preset, this.usual.peek()?.accuracy ?? 0);
    view.showSketch({ way, width: number(draft.width) || 0, border, margin, crossings });
  }

  close(): void {
    this.turn++;
    this.drawing?.close();
    this.drawing = this.before = this.origin = null;
    this.draft.value = null;
    this.faults.value = {};
    this.importing.close();
    this.conflict.value = null;
    this.crosses.value = false;
    this.places.value = [];
    this.history.clear();
    this.count();
    this.live.view.peek()?.showSketch(null);
    this.live.view.peek()?.hideFence(null);
    this.tell(null);
  }

  private tell(id: string | null): void {
    const { then } = this;
    this.then = null;
    then?.(id);
  }

  /** `over`: also over what somebody else has made of it meanwhile, which a person has seen. */
  async save(over = false): Promise<void> {
    const draft = this.draft.peek();
    if (!draft || this.busy.peek()) return;
    this.faults.value = faultsOf(draft) ?? {};
    if (Object.keys(this.faults.value).length) return;
    await this.tried(async () => {
      const again = over ? this.conflict.peek() : null;
      const before = again ? again.theirs : this.origin;
      const isNew = draft.id === null || again?.theirs === null;
      const revision = again?.theirs ? revisionOf(again.theirs) : draft.revision;
      try {
        const feature = featureOf(draft);
        const saved = await (isNew
          ? createGeofence(feature, this.groupOfNew())
          : replaceGeofence(draft.id!, feature, revision));
        await this.live.readGeofences();
        this.deeds.did(before, saved);
        const { then } = this;
        this.then = null; // closing gives nothing up here
        this.close();
        chosenFence.value = saved.id;
        then?.(saved.id);
      } catch (error) {
        if (!(error instanceof ApiError) || isNew || (error.status !== 409 && error.status !== 404)) throw error;
        await this.live.readGeofences();
        this.conflict.value = { theirs: this.findTheirs() };
      }
    });
  }

  private groupOfNew(): string | undefined {
    return managed.peek().find((each) => each === this.group.peek());
  }

  /** Whether what is edited here is another by now, or gone: told at once, not only when one saves. */
  look(): void {
    const draft = this.draft.peek();
    if (!draft || draft.id === null || this.busy.peek()) return;
    const theirs = this.findTheirs();
    if (theirs === null || revisionOf(theirs) !== draft.revision) this.conflict.value = { theirs };
  }

  private findTheirs(): Geofence | null {
    return geofences.peek().find((fence) => fence.id === this.draft.peek()?.id) ?? null;
  }

  /** What is here is given up for what somebody else has made of it. */
  takeTheirs(): void {
    const theirs = this.conflict.peek()?.theirs;
    if (theirs) this.edit(theirs);
    else this.close();
  }

  async remove(fence: Geofence): Promise<void> {
    await this.tried(async () => {
      try {
        await this.deeds.remove(fence);
        if (chosenFence.peek() === fence.id) chosenFence.value = null;
      } finally {
        await this.live.readGeofences(); // where it was refused, what is shown is what somebody else made of it
      }
    });
  }

  private async step(take: (deeds: Deeds) => Promise<Geofence | null | undefined>): Promise<void> {
    await this.tried(async () => {
      try {
        const made = await take(this.deeds);
        if (made) chosenFence.value = made.id;
      } finally {
        await this.live.readGeofences();
      }
    });
  }

  private open(draft: Draft): void {
    this.close();
    pane.value = 'geofences';
    void this.learn(selected.peek());
    selected.value = chosenFence.value = null;
    this.draft.value = draft;
    if (draft.id !== null) this.live.view.peek()?.hideFence(draft.id);
  }

  /** Of the device that was chosen when drawing began, or of all. */
  private async learn(row: number | null): Promise<void> {
    const turn = this.turn;
    for await (const usual of learnUsual(this.live.feed.devices, row)) {
      if (turn !== this.turn && this.draft.peek() === null) return;
      this.usual.value = usual;
      this.sketch(this.places.peek());
    }
  }

  private async drawNow(shape: Shape | null): Promise<void> {
    const turn = ++this.turn;
    const kind = this.draft.peek()!.kind;
    this.drawing?.close();
    this.drawing = null;
    this.fixed.value = null;
    const drawing = await import('../map/drawing').catch(() => null);
    if (turn !== this.turn) return;
    if (!drawing) {
      this.faults.value = { shape: words.value.geofences.notLoaded };
      return;
    }
    const view = this.live.view.peek();
    if (!view) return;
    if (shape && !canReshape(shape.geometry)) {
      this.fixed.value = words.value.geofences.fixed;
      view.hideFence(null);
    } else {
      const sketched = (places: readonly Position[]) => this.sketch(places);
      const snaps = () => isSnapping.peek();
      this.drawing = new drawing.Drawing(view, kind, shape, (drawn) => this.drawn(drawn), sketched, snaps);
      this.drawing.surround(geofences.peek().filter(({ id }) => id !== this.draft.peek()?.id));
    }
    if (shape) this.sketch(placesOf(this.draft.peek()!));
  }

  private drawn(shape: Shape): void {
    const before = this.draft.peek()!;
    this.remember(before, '');
    const radius = shape.radius === null ? before.radius : String(shape.radius);
    this.draft.value = { ...before, geometry: shape.geometry, radius };
    this.sketch(placesOf(this.draft.peek()!));
    if (this.faults.peek()['shape']) this.faults.value = {};
  }

  /** One after the other: a key that is pressed while a step is under way is the next step, and is not lost. */
  private tried(work: () => Promise<void>): Promise<void> {
    this.busy.value = true;
    const next = () => this.alone(work);
    return (this.underWay = this.underWay.then(next, next));
  }

  private async alone(work: () => Promise<void>): Promise<void> {
    this.busy.value = true;
    this.faults.value = {};
    try {
      await work();
    } catch (error) {
      this.faults.value = told(error, this.draft.peek() !== null);
    } finally {
      this.busy.value = false;
    }
  }
}
