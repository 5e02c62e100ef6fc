// A client as somebody else would write it: types from /openapi.json, nothing of ours.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

declare const process: { argv: string[]; exitCode: number };

const [url, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url!, headers: { Authorization: `Bearer ${token}` } });

type Geofence = components['schemas']['GeofenceFeature'];
const port: Geofence = {
  type: 'Feature',
  id: 'port',
  geometry: { type: 'Point', coordinates: [24.94, 60.17] },
  properties: { radius: 150, dwell: 300 },
};

const device = await client.POST('/api/devices', { body: { id: 'van-1' } });
const fence = await client.POST('/api/geofences', { body: port });
const listed = await client.GET('/api/geofences', { params: { query: { limit: 10 } } });
const refused = await client.POST('/api/geofences', { body: { ...port, id: 'no', properties: {} } });
const pair = await client.POST('/api/pairs', { body: { devices: ['van-1', 'van-2'], distance: 100 } });
const gone = await client.DELETE('/api/devices/{device}', { params: { path: { device: 'van-1' } } });

const geometry = fence.data?.geometry;
console.log(JSON.stringify({
  token: device.data?.token !== undefined,
  preset: fence.data?.properties.preset,
  lon: geometry?.type === 'Point' ? geometry.coordinates[0] : null,
  listed: listed.data?.features.map((each) => each.id),
  field: refused.error?.field,
  pair: pair.response.status,
  gone: gone.response.status,
}));
