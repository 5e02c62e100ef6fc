/** Where the map looks, and where it looked last time in this browser. */
import type { Map as MapLibre } from 'maplibre-gl';
import { readStored, store } from '../storage';

const CAMERA = 'tracker.camera';

export interface Camera {
  readonly center: readonly [lon: number, lat: number];
  readonly zoom: number;
}

export function cameraOf(map: MapLibre): Camera {
  const { lng, lat } = map.getCenter();
  return { center: [lng, lat], zoom: map.getZoom() };
}

export function rememberCamera(map: MapLibre): void {
  store(CAMERA, JSON.stringify(cameraOf(map)));
}

export function rememberedCamera(): Camera | null {
  try {
    const camera = JSON.parse(readStored(CAMERA) ?? 'null') as Camera | null;
    return camera && Number.isFinite(camera.zoom) && camera.center.length === 2 ? camera : null;
  } catch {
    return null; // not what we wrote
  }
}
