/** What is said where there is nothing to show, and what to do about it. */
import { here } from '../api/call';
import { isAdmin } from '../state';

export function Nothing({ text }: { text: string }) {
  return <p class="nothing">{text}</p>;
}

export function NoDevices() {
  return (
    <div class="empty">
      <h2>No devices yet</h2>
      <p>Let some drive around Helsinki. On the machine of the server:</p>
      <pre>
        <code>{`python3 -m tracker simulate --url ${here('/').replace(/\/$/, '')} --token "$TRACKER_ADMIN_TOKEN"`}</code>
      </pre>
      <p>
        Or register your own, and send its fixes to <code>/ws/device</code> with the token of the answer:
      </p>
      <pre>
        <code>{`curl -X POST ${here('/api/devices')} \\\n  -H "Authorization: Bearer $TRACKER_ADMIN_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '{"id": "van-12"}'`}</code>
      </pre>
      <p class="hint">It shows up here with its first position.</p>
    </div>
  );
}

export function NoGeofences() {
  return (
    <div class="empty">
      <h2>No geofences yet</h2>
      <p>
        A geofence is an area with a name. Who enters or leaves it makes an event, and events can be told to somebody as
        alerts.
      </p>
      {isAdmin.value ? <p>Draw one on the map, or import a GeoJSON file.</p> : <p>An admin can draw one here.</p>}
    </div>
  );
}
