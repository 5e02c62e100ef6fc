/** Devices on one spot, laid out around it to choose from: no zoom would part them. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { DeviceTable } from '../live/devices';
import { words } from '../words';
import type { Markers } from './markers';

const MOST = 16;
const STATUS = ['unknown', 'stopped', 'moving', 'silent'] as const;

export class Fan {
  private readonly box = document.createElement('div');
  private place: [number, number] | null = null;

  constructor(
    private readonly map: MapLibre,
    private readonly table: DeviceTable,
    private readonly picked: (row: number) => void,
  ) {
    this.box.className = 'fan';
    this.box.setAttribute('role', 'group');
    this.box.hidden = true;
    this.box.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.close();
    });
    map.getContainer().append(this.box);
    map.on('render', () => this.follow());
    map.on('zoomstart', () => this.close());
  }

  open(rows: readonly number[], markers: Markers, place: [number, number]): void {
    this.place = place;
    this.box.setAttribute('aria-label', words.value.map.here(rows.length));
    const shown = rows.slice(0, MOST);
    const spread = 44 + 5 * shown.length; // px: the more there are, the wider
    this.box.replaceChildren(
      ...shown.map((row, i) => this.button(row, markers.status(row), (2 * Math.PI * i) / shown.length, spread)),
    );
    if (rows.length > MOST) this.box.append(note(words.value.geofences.andMore(rows.length - MOST)));
    this.box.hidden = false;
    this.follow();
    (this.box.firstElementChild as HTMLElement).focus({ preventScroll: true });
  }

  close(): void {
    this.box.hidden = true;
    this.place = null;
  }

  private button(row: number, status: number, turn: number, spread: number): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.style.transform = `translate(-50%, -50%) translate(${(1.5 * spread * Math.sin(turn)).toFixed(1)}px, ${(-spread * Math.cos(turn)).toFixed(1)}px)`;
    const dot = document.createElement('span');
    dot.className = `dot ${STATUS[status] ?? 'unknown'}`;
    const name = document.createElement('bdi');
    name.textContent = name.title = this.table.name[row]!;
    button.append(dot, name);
    button.onclick = () => {
      this.close();
      this.picked(row);
    };
    return button;
  }

  private follow(): void {
    if (!this.place) return;
    const { x, y } = this.map.project(this.place);
    this.box.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
  }
}

function note(text: string): HTMLElement {
  const line = document.createElement('span');
  line.className = 'note';
  line.textContent = text;
  return line;
}
