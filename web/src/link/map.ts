/** The map of a link: dots with names, areas where a place is blurred, and the ways. Loaded apart: it is most of the page. */
import type { Feature, FeatureCollection } from 'geojson';
import {
  type GeoJSONSource,
  LngLatBounds,
  Map as MapLibre,
  Marker,
  NavigationControl,
  setWorkerUrl,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { basemap, type Ground, readTilesInRanges } from '../map/basemap';
import { ring } from '../map/circle';
import { PAINT, type Theme } from '../map/flavors';
import { Lack } from '../map/lack';
import type { Line, Place } from './link';
import { hideCovered } from './names';
import { words } from './words';
import 'maplibre-gl/dist/maplibre-gl.css';

const EMPTY: FeatureCollection = { type: 'FeatureCollection', features: [] };
const CLOSEST = 15;

export class LinkMap {
  readonly lack: Lack;
  private readonly map: MapLibre;
  private readonly markers = new Map<string, Marker>();
  private places: readonly Place[] = [];
  private lines: ReadonlyMap<string, Line> = new Map();
  private blur = 0;
  private isPlaced = false;
  private thinning: number | undefined;

  constructor(
    container: HTMLElement,
    private theme: Theme,
    private readonly ground: Ground,
    isLive: () => boolean,
  ) {
    setWorkerUrl(workerUrl);
    readTilesInRanges();
    this.map = new MapLibre({
      container,
      style: basemap(theme, ground),
      center: [12, 30],
      zoom: 1.5,
      attributionControl: { compact: true },
      locale: locale(),
    });
    this.map.addControl(new NavigationControl({ showCompass: false }), 'bottom-right');
    this.map.on('style.load', () => this.dress());
    this.map.on('moveend', () => this.thin());
    this.lack = new Lack(this.map, () => this.restyle(), isLive);
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.restyle();
  }

  /** What lies over the ground comes with `style.load`. */
  private restyle(): void {
    this.map.setStyle(basemap(this.theme, this.ground), { diff: false });
  }

  remove(): void {
    this.lack.stop();
    if (this.thinning !== undefined) cancelAnimationFrame(this.thinning);
    this.map.remove();
  }

  /** `blur` in metres; 0: the places are exact. */
  show(places: readonly Place[], lines: ReadonlyMap<string, Line>, blur: number): void {
    this.places = places;
    this.lines = lines;
    this.blur = blur;
    const gone = new Set(this.markers.keys());
    for (const place of places) {
      gone.delete(place.alias);
      this.mark(place);
    }
    for (const alias of gone) {
      this.markers.get(alias)?.remove();
      this.markers.delete(alias);
    }
    this.draw();
    this.thin();
    if (!this.isPlaced && places.length > 0) this.fit();
  }

  fly(place: Place): void {
    this.map.easeTo({ center: [place.lon, place.lat], zoom: Math.max(this.map.getZoom(), this.closest()) });
  }

  private closest(): number {
    return this.blur > 0 ? CLOSEST - Math.log2(1 + this.blur / 250) : CLOSEST;
  }

  private fit(): void {
    this.isPlaced = true;
    const box = new LngLatBounds();
    for (const place of this.places) box.extend([place.lon, place.lat]);
    this.map.fitBounds(box, { padding: this.room(), maxZoom: this.closest(), animate: false });
  }

  /** Beside what lies over the map: on a phone it is as wide as that. */
  private room(): { top: number; bottom: number; left: number; right: number } {
    const over = document.querySelector('aside')?.getBoundingClientRect();
    const { clientWidth, clientHeight } = this.map.getContainer();
    const isWide = over !== undefined && over.width > clientWidth / 2;
    const top = isWide ? Math.min(over.bottom + 50, clientHeight / 2) : 90;
    return { top, bottom: 90, left: isWide || !over ? 70 : Math.min(over.right + 70, clientWidth / 2), right: 90 };
  }

  private mark(place: Place): void {
    const marker = this.markers.get(place.alias) ?? this.make(place.alias);
    marker.setLngLat([place.lon, place.lat]);
    const label = marker.getElement().lastElementChild;
    if (label) label.textContent = place.name;
  }

  /** With the next frame, once: MapLibre moves its markers later in the same turn, and a hidden page has no frames. */
  private thin(): void {
    this.thinning ??= requestAnimationFrame(() => {
      this.thinning = undefined;
      hideCovered([...this.markers.values()].map((marker) => marker.getElement().lastElementChild!));
    });
  }

  private make(alias: string): Marker {
    const element = document.createElement('div');
    element.className = this.blur > 0 ? 'dot area' : 'dot';
    element.append(document.createElement('i'), document.createElement('bdi'));
    const marker = new Marker({ element }).setLngLat([0, 0]).addTo(this.map);
    this.markers.set(alias, marker);
    return marker;
  }

  /** Over a ground just loaded. After a lost GPU or worker MapLibre brings our sources back by itself. */
  private dress(): void {
    if (!this.map.getSource('areas')) this.add();
    this.draw();
  }

  private add(): void {
    const { trail } = PAINT[this.theme];
    this.map.addSource('areas', { type: 'geojson', data: EMPTY });
    this.map.addSource('ways', { type: 'geojson', data: EMPTY });
    this.map.addLayer({
      id: 'areas',
      type: 'fill',
      source: 'areas',
      paint: { 'fill-color': trail, 'fill-opacity': 0.18, 'fill-outline-color': trail },
    });
    this.map.addLayer({
      id: 'ways',
      type: 'line',
      source: 'ways',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': trail, 'line-width': 4, 'line-opacity': 0.65 },
    });
  }

  private draw(): void {
    const areas = this.blur > 0 ? this.places.map((place) => area(place, this.blur)) : [];
    const ways = [...this.lines.values()].filter((line) => line.length > 1).map(way);
    this.set('areas', areas);
    this.set('ways', ways);
  }

  private set(name: string, features: Feature[]): void {
    (this.map.getSource(name) as GeoJSONSource | undefined)?.setData({ type: 'FeatureCollection', features });
  }
}

/** What MapLibre's own buttons are called. */
function locale(): Record<string, string> {
  return {
    'Map.Title': words.map,
    'NavigationControl.ZoomIn': words.zoomIn,
    'NavigationControl.ZoomOut': words.zoomOut,
    'AttributionControl.ToggleAttribution': words.attribution,
  };
}

/** A cell may lag by one, so the circle reaches over its corners. */
function area({ lon, lat }: Place, blur: number): Feature {
  return { type: 'Feature', properties: {}, geometry: ring([lon, lat], blur, 48) };
}

function way(line: Line): Feature {
  return { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: line.map((it) => [...it]) } };
}
