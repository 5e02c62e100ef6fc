/** Making, changing and deleting geofences: between the form, what is drawn on the map, and the server. */
import { signal } from '@preact/signals';
import { ApiError } from '../api/call';
import {
  createGeofence,
  deleteGeofence,
  type FenceKind,
  formatOf,
  type Geofence,
  type Imported,
  importGeofences,
  replaceGeofence,
} from '../api/geofences';
import type { Live } from '../live';
import { rounded } from '../map/circle';
import type { Drawing, Shape } from '../map/drawing';
import { chosenFence, pane, selected } from '../state';
import { words } from '../words';
import {
  blank,
  canReshape,
  type Draft,
  draftOf,
  type Faults,
  faultAt,
  faultsOf,
  featureOf,
  number,
  without,
} from './draft';

const MIDDLE_METRES = 100;

export class Editor {
  readonly draft = signal<Draft | null>(null);
  readonly faults = signal<Faults>({});
  readonly busy = signal(false);
  /** A file that was not imported because some of its ids are taken. */
  readonly taken = signal<File | null>(null);
  /** What became of the last file; null where it was not imported. */
  readonly imported = signal<Imported | null>(null);
  /** Why this shape can be looked at and not reshaped; null where it can. */
  readonly fixed = signal<string | null>(null);
  private drawing: Drawing | null = null;
  private before: Shape | null = null; // the shape to come back to, where one is being drawn anew
  private turn = 0; // counts drawings begun: one whose chunk comes late may no longer be wanted

  constructor(private readonly live: Live) {}

  begin(kind: FenceKind): void {
    this.open({ ...blank(kind), name: this.draft.peek()?.name ?? '' });
    void this.drawNow(null);
  }

  edit(fence: Geofence): void {
    this.open(draftOf(fence));
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
    this.draft.value = draft;
    this.faults.value = without(this.faults.peek(), Object.keys(part));
    const radius = number(draft.radius);
    if (part.radius !== undefined && draft.kind === 'circle' && draft.geometry && radius > 0)
      this.drawing?.reshape({ geometry: draft.geometry, radius });
  }

  close(): void {
    this.turn++;
    this.drawing?.close();
    this.drawing = this.before = null;
    this.draft.value = null;
    this.faults.value = {};
    this.taken.value = this.imported.value = null;
    this.live.view.peek()?.hideFence(null);
  }

  async save(): Promise<void> {
    const draft = this.draft.peek();
    if (!draft || this.busy.peek()) return;
    this.faults.value = faultsOf(draft) ?? {};
    if (Object.keys(this.faults.value).length) return;
    await this.tried(async () => {
      const saved = await (draft.id === null
        ? createGeofence(featureOf(draft))
        : replaceGeofence(draft.id, featureOf(draft)));
      await this.live.readGeofences();
      this.close();
      chosenFence.value = saved.id;
    });
  }

  async remove(id: string): Promise<void> {
    await this.tried(async () => {
      await deleteGeofence(id);
      if (chosenFence.peek() === id) chosenFence.value = null;
      await this.live.readGeofences();
    });
  }

  /** All of a file that can be a geofence; `replace` those that have the same id. */
  async load(file: File, replace = false): Promise<void> {
    this.taken.value = this.imported.value = null;
    await this.tried(async () => {
      try {
        this.imported.value = await importGeofences(await file.arrayBuffer(), formatOf(file.name), replace);
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) this.taken.value = file;
        throw error;
      }
      await this.live.readGeofences();
    });
  }

  private open(draft: Draft): void {
    this.close();
    pane.value = 'geofences';
    selected.value = chosenFence.value = null;
    this.draft.value = draft;
    if (draft.id !== null) this.live.view.peek()?.hideFence(draft.id);
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
      this.faults.value = { shape: words.value.drawing.notLoaded };
      return;
    }
    const view = this.live.view.peek();
    if (!view) return;
    if (shape && !canReshape(shape.geometry)) {
      this.fixed.value = words.value.drawing.fixed;
      view.hideFence(null);
    } else this.drawing = new drawing.Drawing(view, kind, shape, (drawn) => this.drawn(drawn));
  }

  private drawn(shape: Shape): void {
    this.change({ geometry: shape.geometry });
    if (shape.radius !== null) this.draft.value = { ...this.draft.peek()!, radius: String(shape.radius) };
    if (this.faults.peek()['shape']) this.faults.value = {};
  }

  private async tried(work: () => Promise<void>): Promise<void> {
    this.busy.value = true;
    this.faults.value = {};
    try {
      await work();
    } catch (error) {
      this.faults.value = told(error);
    } finally {
      this.busy.value = false;
    }
  }
}

function told(error: unknown): Faults {
  if (error instanceof TypeError) return { form: words.value.app.noAnswer }; // what fetch says where there is no network
  if (!(error instanceof ApiError)) throw error;
  if (error.refusals.length === 0) return faultAt(error.field, error.message);
  const lines = error.refusals.slice(0, 5).map((each) => `${each.id ?? `feature ${each.index + 1}`}: ${each.reason}`);
  return { form: [error.message, ...lines].join('\n') };
}
