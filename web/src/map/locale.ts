/** What MapLibre's own buttons are called. */
import { words } from '../words';

export function locale(): Record<string, string> {
  const { title, zoomIn, zoomOut, north, attribution } = words.value.map;
  return {
    'Map.Title': title,
    'NavigationControl.ZoomIn': zoomIn,
    'NavigationControl.ZoomOut': zoomOut,
    'NavigationControl.ResetBearing': north,
    'AttributionControl.ToggleAttribution': attribution,
  };
}
