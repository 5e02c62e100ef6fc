/** Names beside markers, as elements that move with each frame: a symbol layer would lag behind what glides. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { DeviceTable } from '../live/devices';
import type { DeviceLayer } from './device-layer';

const FROM_ZOOM = 13;
const MOST = 40; // more names than this are noise, and each costs a style change per frame
const CHOOSE_MS = 500;
const WIDTH_PX = 84; // room a name needs, so that two do not lie on each other
const HEIGHT_PX = 18;

export class DeviceLabels {
  private readonly box = document.createElement('div');
  private readonly pool: HTMLElement[] = [];
  private rows: number[] = [];
  private chosenAt = -Infinity;

  constructor(
    private readonly map: MapLibre,
    private readonly layer: DeviceLayer,
    private readonly table: DeviceTable,
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
    const chosen: { row: number; spot: [number, number] }[] = [];
    const offer = (row: number, spot: [number, number] | null) => {
      if (spot && chosen.length < MOST && !chosen.some((other) => other.row === row || overlap(other.spot, spot)))
        chosen.push({ row, spot });
    };
    if (selected !== null) offer(selected, this.layer.screen(selected));
    if (this.map.getZoom() >= FROM_ZOOM && !this.layer.isCrowded) {
      for (const row of this.rows) offer(row, this.layer.screen(row));
      this.layer.forEachInView((row, x, y) => offer(row, [x, y]));
    }
    this.rows = chosen.map(({ row }) => row);
    this.write();
  }

  private write(): void {
    while (this.pool.length < this.rows.length) this.pool.push(this.box.appendChild(document.createElement('span')));
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

function overlap(a: [number, number], b: [number, number]): boolean {
  return Math.abs(a[0] - b[0]) < WIDTH_PX && Math.abs(a[1] - b[1]) < HEIGHT_PX;
}
