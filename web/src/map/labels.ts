/** Names beside markers, as elements that move with each frame: a symbol layer would lag behind what glides. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { DeviceTable } from '../live/devices';
import type { DeviceLayer } from './device-layer';

const FROM_ZOOM = 13;
const MOST = 40; // more names than this are noise, and each costs a style change per frame
const CHOOSE_MS = 500;
const WIDEST_PX = 130; // as the style cuts it
const APART_PX = 6;
const HEIGHT_PX = 18;
const BELOW_PX = 20; // from a marker's middle to that of its name
const FONT = "600 11.5px 'Inter Variable', system-ui, sans-serif"; // as the style has it

interface Label {
  readonly row: number;
  readonly spot: readonly [number, number];
  readonly width: number;
}

/** What a name may not lie over: a disc on the screen, in px. */
export interface Round {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export class DeviceLabels {
  private readonly box = document.createElement('div');
  private readonly pool: HTMLElement[] = [];
  off = false; // but for the chosen one
  private rows: readonly number[] = [];
  private readonly widths = new Map<string, number>(); // by name
  private readonly ruler = document.createElement('canvas').getContext('2d');
  private chosenAt = -Infinity;

  constructor(
    private readonly map: MapLibre,
    private readonly layer: DeviceLayer,
    private readonly table: DeviceTable,
    private readonly findDiscs: () => readonly Round[],
  ) {
    this.box.className = 'labels';
    this.box.setAttribute('aria-hidden', 'true'); // the list says the same, and in order
    map.getCanvasContainer().append(this.box);
    map.on('render', () => this.follow());
  }

  private follow(): void {
    const now = performance.now();
    if (now - this.chosenAt > CHOOSE_MS) {
      this.choose();
      this.chosenAt = now;
    }
    this.rows.forEach((row, i) => {
      const spot = this.layer.screen(row);
      const label = this.pool[i]!;
      label.hidden = !spot;
      if (spot) label.style.transform = `translate(${spot[0].toFixed(1)}px, ${spot[1].toFixed(1)}px)`;
    });
  }

  /** Those shown before come first: a name that comes and goes is worse than one that stays away. */
  private choose(): void {
    const { selected } = this.layer;
    const chosen = new Map<number, Label>();
    const isShown = !this.off && this.map.getZoom() >= FROM_ZOOM && !this.layer.isCrowded;
    const discs = isShown ? this.findDiscs() : [];
    const offer = (row: number, spot: [number, number] | null) => {
      if (!spot || chosen.size >= MOST || chosen.has(row)) return;
      const label = { row, spot, width: this.measure(this.table.name[row]!) };
      if (fits(label, chosen.values()) && (row === selected || isClear(label, discs))) chosen.set(row, label);
    };
    if (selected !== null) offer(selected, this.layer.screen(selected));
    if (isShown) {
      for (const row of this.rows) offer(row, this.layer.screen(row));
      this.layer.forEachInView((row, x, y) => offer(row, [x, y]));
    }
    this.rows = [...chosen.keys()];
    this.write();
  }

  private measure(name: string): number {
    let width = this.widths.get(name);
    if (width !== undefined) return width;
    if (this.widths.size > 1_000) this.widths.clear();
    if (this.ruler) this.ruler.font = FONT;
    width = Math.min(WIDEST_PX, this.ruler?.measureText(name).width ?? WIDEST_PX);
    this.widths.set(name, width);
    return width;
  }

  private write(): void {
    while (this.pool.length < this.rows.length) this.pool.push(this.box.appendChild(makeLabel()));
    this.pool.forEach((label, i) => {
      const row = this.rows[i];
      label.hidden = row === undefined;
      if (row === undefined) return;
      label.textContent = this.table.name[row]!;
      label.classList.toggle('selected', row === this.layer.selected);
      const color = this.table.color[row];
      label.classList.toggle('own', !!color);
      if (color) label.style.setProperty('--own', color);
    });
  }
}

/** A name that is written from the right is, whatever is beside it on the page. */
function makeLabel(): HTMLElement {
  const label = document.createElement('span');
  label.dir = 'auto';
  return label;
}

/** Whether a name lies on none of the discs. */
export function isClear(label: Label, discs: readonly Round[]): boolean {
  const [x, y] = [label.spot[0], label.spot[1] + BELOW_PX];
  return discs.every((disc) => {
    const isBeside = Math.abs(x - disc.x) >= label.width / 2 + disc.radius;
    return isBeside || Math.abs(y - disc.y) >= HEIGHT_PX / 2 + disc.radius;
  });
}

/** Whether a name lies on none of the others. */
export function fits(label: Label, others: Iterable<Label>): boolean {
  for (const other of others) {
    const isBeside = Math.abs(label.spot[0] - other.spot[0]) >= (label.width + other.width) / 2 + APART_PX;
    if (!isBeside && Math.abs(label.spot[1] - other.spot[1]) < HEIGHT_PX) return false;
  }
  return true;
}
