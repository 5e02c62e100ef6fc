/** The ground: our own tiles, a person's own .pmtiles in the Protomaps schema, or a style of any server. */
import { layers } from '@protomaps/basemaps';
import {
  addProtocol,
  type LayerSpecification,
  type StyleSpecification,
  type VectorSourceSpecification,
} from 'maplibre-gl';
import { Protocol } from 'pmtiles';
import { flavor, type Theme } from './flavors';
import { fontFaces } from './fonts';

const NEEDS_ICONS = ['pois', 'roads_shields', 'roads_oneway']; // we ship no sprite
const OSM = '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap contributors</a>';
const WORLD = 'Natural Earth · GeoNames (CC BY)';

export function readTilesInRanges(): void {
  addProtocol('pmtiles', new Protocol().tile);
}

/** `custom`: null for ours, else the URL of a style or of a .pmtiles. `streets`: some were added to ours. */
export interface Ground {
  readonly custom: string | null;
  readonly streets: boolean;
}

export function basemap(theme: Theme, { custom, streets }: Ground): StyleSpecification | string {
  if (custom === null) return ours(theme, streets ? ['helsinki', 'added'] : ['helsinki']);
  return custom.endsWith('.pmtiles') ? style({ own: source(custom, OSM) }, drawn('own', theme)) : custom;
}

const SHEETS: Readonly<Record<string, string>> = {
  helsinki: 'tiles/helsinki.pmtiles',
  added: 'map/streets.pmtiles',
};

/** The world reaches zoom 6 and is enlarged from there; streets lie over it, with all names on top. */
function ours(theme: Theme, sheets: readonly string[]): StyleSpecification {
  const world = drawn('world', theme).filter(
    (layer) => !layer.id.startsWith('roads') && !layer.id.startsWith('buildings'),
  );
  const streets = sheets.flatMap((sheet) =>
    drawn(sheet, theme)
      .filter(
        (layer) =>
          layer.type !== 'background' && !layer.id.startsWith('places_country') && !layer.id.startsWith('boundaries'),
      )
      .map((layer) => ({ ...layer, id: `${sheet}-${layer.id}` })),
  );
  const all = [...world, ...streets];
  const sources = Object.fromEntries(sheets.map((sheet) => [sheet, source(SHEETS[sheet]!, OSM)]));
  return style({ world: source('tiles/world.pmtiles', WORLD), ...sources }, [
    ...all.filter((layer) => layer.type !== 'symbol'),
    ...all.filter((layer) => layer.type === 'symbol'),
  ]);
}

function drawn(name: string, theme: Theme): LayerSpecification[] {
  const all = layers(name, flavor(theme), { lang: navigator.language.split('-')[0] ?? 'en' }) as LayerSpecification[];
  return all.filter((layer) => !NEEDS_ICONS.includes(layer.id)).map(withoutIcons);
}

/** A symbol whose icon is missing warns on every tile; the names are what we want of it. */
function withoutIcons(layer: LayerSpecification): LayerSpecification {
  if (layer.type !== 'symbol' || layer.layout?.['icon-image'] === undefined) return layer;
  const layout = Object.fromEntries(Object.entries(layer.layout).filter(([name]) => !name.startsWith('icon-')));
  return { ...layer, layout };
}

function source(url: string, attribution: string): VectorSourceSpecification {
  return { type: 'vector', url: `pmtiles://${new URL(url, document.baseURI).href}`, attribution };
}

function style(sources: StyleSpecification['sources'], drawnLayers: LayerSpecification[]): StyleSpecification {
  return { version: 8, 'font-faces': fontFaces(), sources, layers: drawnLayers };
}
