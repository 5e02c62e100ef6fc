/** Names beside markers, as elements that move with each frame: a symbol layer would lag behind what glides. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { DeviceTable } from '../live/devices';
import type { DeviceLayer } from './device-layer';

const FROM_ZOOM = 13;
const MOST = 40; // more names than this are noise, and each costs a style change per frame
const CHOOSE_MS = 500;
const WIDTH_PX = 120; // room a name needs, so that two do not lie on each other
const HEIGHT_PX = 22;

export class DeviceLabels {
  private readonly box = document.createElement('div');
  private readonly pool: HTMLElement[] = [];
  private rows: number[] = [];
  private chosenAt = -Infinity;

  constructor(private readonly map: MapLibre, private readonly layer: DeviceLayer, private readonly table: DeviceTable) {
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

  private choose(): void {
    const taken = new Set<string>();
    const cell = (x: number, y: number) => `${Math.round(x / WIDTH_PX)}:${Math.round(y / HEIGHT_PX)}`;
    const rows: number[] = [];
    const { selected } = this.layer;
    if (selected !== null && this.layer.screen(selected)) rows.push(selected);
    if (this.map.getZoom() >= FROM_ZOOM && !this.layer.isCrowded) {
      this.layer.forEachInView((row, x, y) => {
        if (rows.length >= MOST || row === selected || taken.has(cell(x, y))) return;
        taken.add(cell(x, y));
        rows.push(row);
      });
    }
    this.rows = rows;
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
    });
  }
}
