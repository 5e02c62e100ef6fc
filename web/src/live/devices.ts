/**
 * Every device we have heard of, one row each, in columns. Newest wins. No framework watches it: whoever draws asks
 * which rows have changed, so ten thousand positions a second cost no object and no comparison.
 */
import {
  type Columns,
  type DeviceName,
  type DevicePrivacy,
  type Dress,
  type Position,
  type Privacy,
  Status,
} from './frames';

export const NO_SLOT = 0xffffffff;
const NONE_U16 = 65535;
const NONE_U8 = 255;
const AHEAD_MS = 60_000; // further ahead of now the server flags a time
const FIRST_CAPACITY = 256;

interface Guard {
  readonly radius: number; // m
  readonly since: number; // ms
}

export class DeviceTable {
  size = 0;
  namesVersion = 0; // counts up when a device appears, goes or is renamed
  slot = new Uint32Array(FIRST_CAPACITY).fill(NO_SLOT);
  lonE7 = new Int32Array(FIRST_CAPACITY);
  latE7 = new Int32Array(FIRST_CAPACITY);
  at = new Float64Array(FIRST_CAPACITY).fill(NaN); // ms; NaN: no position yet
  previousAt = new Float64Array(FIRST_CAPACITY).fill(NaN);
  speed = new Float32Array(FIRST_CAPACITY); // m/s
  heading = new Float32Array(FIRST_CAPACITY); // degrees
  accuracy = new Float32Array(FIRST_CAPACITY); // m
  battery = new Float32Array(FIRST_CAPACITY); // 0 to 1
  status = new Uint8Array(FIRST_CAPACITY);
  shown = new Uint8Array(FIRST_CAPACITY); // 1: the server sends it to us now
  readonly id: string[] = [];
  readonly name: string[] = [];
  readonly category: (string | null)[] = [];
  readonly color: (string | null)[] = []; // '#rrggbb'
  readonly icon: (string | null)[] = [];
  readonly photo: (string | null)[] = []; // which one
  readonly trips: boolean[] = []; // it is told when it sets out and stops
  readonly guard: (Guard | null)[] = []; // where it is told that it was moved
  readonly inside: (readonly string[])[] = []; // geofence ids
  newestAt = NaN;
  readonly person: (number | null)[] = []; // by row, whose own it is
  readonly privacy = new Map<string, Privacy>(); // of those that are vague or paused to others, by id
  private readonly anew = new Set<number>(); // rows whose next place counts, however old: a cell has the time of its minute
  /** Rows that have changed since `takeChanged`; bounded by the number of rows, since each is in it once. */
  private changed: number[] = [];
  private marked = new Uint8Array(FIRST_CAPACITY);
  private readonly rowById = new Map<string, number>();
  private readonly rowBySlot = new Map<number, number>();

  row(id: string): number | undefined {
    return this.rowById.get(id);
  }

  shownCount(): number {
    let count = 0;
    for (let row = 0; row < this.size; row++) count += this.shown[row]!;
    return count;
  }

  /** A device of the catalogue: it may not have a position, nor a slot. */
  learn(id: string, name: string, category: string | null): number {
    const row = this.rowById.get(id) ?? this.append(id);
    if (this.name[row] !== name || this.category[row] !== category) {
      this.name[row] = name;
      this.category[row] = category;
      this.namesVersion++;
    }
    return row;
  }

  /** How people tell it from others. */
  dress(row: number, { color, icon, photo }: Dress): void {
    if (this.color[row] === color && this.icon[row] === icon && this.photo[row] === photo) return;
    this.color[row] = color;
    this.icon[row] = icon;
    this.photo[row] = photo;
    this.namesVersion++;
  }

  /** What is told of its motion. */
  watch(row: number, trips: boolean, guard: Guard | null): void {
    this.trips[row] = trips;
    this.guard[row] = guard;
  }

  /** Whose own they are: two phones of one person are one dot. */
  give(row: number, person: number | null): void {
    if ((this.person[row] ?? null) === person) return;
    this.person[row] = person;
    this.namesVersion++;
  }

  /** Without those whose person is shown by another device of the same kind; where none is, the newest stands for it. */
  withoutTwins(rows: readonly number[]): readonly number[] {
    const best = new Map<string, number>();
    const key = (row: number) => `${this.person[row]} ${this.category[row]}`;
    for (const row of rows) {
      if (this.person[row] == null) continue;
      const other = best.get(key(row));
      if (other === undefined || this.rank(row) > this.rank(other)) best.set(key(row), row);
    }
    return best.size === 0 ? rows : rows.filter((row) => this.person[row] == null || best.get(key(row)) === row);
  }

  private rank(row: number): number {
    return (this.shown[row] ? 1e15 : 0) + (this.at[row] || 0);
  }

  applyNames(devices: readonly DeviceName[]): void {
    for (const { slot, id, name, category, dress } of devices) {
      const row = this.learn(id, name, category);
      this.bind(row, slot);
      const [color, icon, photo] = [this.color[row] ?? null, this.icon[row] ?? null, this.photo[row] ?? null];
      this.dress(row, { color, icon, photo, ...dress });
    }
  }

  /** A snapshot is everything we are shown: what is not in it is shown no more. */
  applySnapshot(positions: readonly Position[]): void {
    const before = this.shown.slice(0, this.size);
    this.shown.fill(0, 0, this.size);
    for (const position of positions) this.apply(position);
    for (let row = 0; row < before.length; row++) if (before[row] && !this.shown[row]) this.mark(row);
  }

  applyPositions(positions: readonly Position[]): void {
    for (const position of positions) this.apply(position);
  }

  /** How many slots were unknown: their names have not come, and they are left out. */
  applyColumns(columns: Columns): number {
    let unknown = 0;
    for (let i = 0; i < columns.count; i++) {
      const row = this.rowBySlot.get(columns.slot[i]!);
      if (row === undefined) unknown++;
      else this.applyColumn(row, columns, i);
    }
    return unknown;
  }

  private applyColumn(row: number, columns: Columns, i: number): void {
    this.shown[row] = 1;
    if (!this.place(row, columns.base + columns.dt[i]!, columns.lonE7[i]!, columns.latE7[i]!)) return;
    this.speed[row] = columns.speed[i] === NONE_U16 ? NaN : columns.speed[i]! / 100;
    this.heading[row] = columns.heading[i] === NONE_U16 ? NaN : columns.heading[i]! / 100;
    this.battery[row] = columns.battery[i] === NONE_U8 ? NaN : columns.battery[i]! / 100;
    this.accuracy[row] = NaN; // not in a binary frame, and the last one was another fix's
    this.status[row] = columns.status[i]!;
  }

  private apply(position: Position): void {
    const row = this.rowById.get(position.id) ?? this.append(position.id);
    if (position.name !== null) this.learn(position.id, position.name, position.category);
    this.bind(row, position.slot);
    this.shown[row] = 1;
    if (!this.place(row, position.at, position.lonE7, position.latE7)) return;
    this.speed[row] = position.speed;
    this.heading[row] = position.heading;
    this.accuracy[row] = position.accuracy;
    this.battery[row] = position.battery;
    this.status[row] = position.status;
    if (position.geofences) this.inside[row] = position.geofences;
  }

  /** False where the table knows a newer position: newest wins, so repeats and reorderings are harmless. But for one whose
   * time is still to come: a device's clock ran ahead and was set right, and its marker is not to wait for that time. */
  private place(row: number, at: number, lonE7: number, latE7: number): boolean {
    this.mark(row);
    const known = this.at[row]!;
    if (!this.anew.delete(row) && at < known && known <= Date.now() + AHEAD_MS) return false;
    if (at !== known) this.previousAt[row] = at > known ? known : NaN;
    this.at[row] = at;
    this.lonE7[row] = lonE7;
    this.latE7[row] = latE7;
    if (!(at <= this.newestAt)) this.newestAt = at;
    return true;
  }

  applyPrivacy(devices: readonly DevicePrivacy[]): void {
    for (const { id, mode, until } of devices) {
      if (mode === 'exact') this.privacy.delete(id);
      else this.privacy.set(id, { mode, until });
      const row = this.rowById.get(id);
      if (row !== undefined) this.anew.add(row);
    }
  }

  hide(ids: readonly string[]): void {
    for (const id of ids) {
      const row = this.rowById.get(id);
      if (row === undefined) continue;
      this.shown[row] = 0;
      this.mark(row);
    }
  }

  hideAll(): void {
    this.applySnapshot([]);
  }

  cross(id: string, geofence: string, type: string): void {
    const row = this.rowById.get(id);
    if (row === undefined || (type !== 'enter' && type !== 'exit')) return;
    const others = (this.inside[row] ?? []).filter((other) => other !== geofence);
    this.inside[row] = type === 'enter' ? [...others, geofence] : others;
  }

  /** Another life of the server: its slots may mean other devices. */
  forgetSlots(): void {
    this.rowBySlot.clear();
    this.slot.fill(NO_SLOT);
  }

  /** The devices there are; the others were deleted, and lose their marker. */
  retain(ids: ReadonlySet<string>): void {
    const removed = this.id.filter((id) => id !== '' && !ids.has(id));
    if (!removed.length) return;
    this.hide(removed);
    for (const id of removed) {
      const row = this.rowById.get(id)!;
      this.rowBySlot.delete(this.slot[row]!);
      this.rowById.delete(id);
      this.id[row] = ''; // the row stays empty: rows are never renumbered, so others may keep them
      this.slot[row] = NO_SLOT;
    }
    this.namesVersion++;
  }

  /** The rows touched since the last call, each once. */
  takeChanged(): readonly number[] {
    const rows = this.changed;
    this.changed = [];
    for (const row of rows) this.marked[row] = 0;
    return rows;
  }

  private bind(row: number, slot: number): void {
    if (this.slot[row] === slot && this.rowBySlot.get(slot) === row) return;
    const before = this.rowBySlot.get(slot);
    if (before !== undefined && before !== row) this.hide([this.id[before]!]); // a slot is one device's: that one is gone
    this.slot[row] = slot;
    this.rowBySlot.set(slot, row);
  }

  private mark(row: number): void {
    if (this.marked[row]) return;
    this.marked[row] = 1;
    this.changed.push(row);
  }

  private append(id: string): number {
    if (this.size === this.slot.length) this.grow();
    const row = this.size++;
    this.rowById.set(id, row);
    this.id[row] = id;
    this.name[row] = id;
    this.category[row] = this.color[row] = this.icon[row] = this.photo[row] = null;
    this.inside[row] = [];
    this.status[row] = Status.Unknown;
    this.speed[row] = this.heading[row] = this.accuracy[row] = this.battery[row] = NaN;
    this.namesVersion++;
    return row;
  }

  private grow(): void {
    const capacity = 2 * this.slot.length;
    const copy = <T extends { set(from: T): void }>(into: T, from: T): T => {
      into.set(from);
      return into;
    };
    this.slot = copy(new Uint32Array(capacity).fill(NO_SLOT), this.slot);
    this.lonE7 = copy(new Int32Array(capacity), this.lonE7);
    this.latE7 = copy(new Int32Array(capacity), this.latE7);
    this.at = copy(new Float64Array(capacity).fill(NaN), this.at);
    this.previousAt = copy(new Float64Array(capacity).fill(NaN), this.previousAt);
    this.speed = copy(new Float32Array(capacity), this.speed);
    this.heading = copy(new Float32Array(capacity), this.heading);
    this.accuracy = copy(new Float32Array(capacity), this.accuracy);
    this.battery = copy(new Float32Array(capacity), this.battery);
    this.status = copy(new Uint8Array(capacity), this.status);
    this.shown = copy(new Uint8Array(capacity), this.shown);
    this.marked = copy(new Uint8Array(capacity), this.marked);
  }
}
