/** What is said where there is nothing to show, and what to do about it. */
import { here } from '../api/call';
import { mayManage } from '../state';
import { words } from '../words';

export function Nothing({ text }: { text: string }) {
  return <p class="nothing">{text}</p>;
}

export function NoDevices() {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the side is low, and the keyboard has to get there
    <section class="empty" aria-label={words.value.devices.none} tabIndex={0}>
      <h2>{words.value.devices.none}</h2>
      <p>{words.value.devices.simulate}</p>
      <pre>
        <code>{`python3 -m tracker simulate --url ${here('/').replace(/\/$/, '')} --token "$TRACKER_ADMIN_TOKEN"`}</code>
      </pre>
      <p>
        {words.value.devices.register} <code>/ws/device</code> {words.value.devices.withToken}
      </p>
      <pre>
        <code>{`curl -X POST ${here('/api/devices')} \\\n  -H "Authorization: Bearer $TRACKER_ADMIN_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '{"id": "van-12"}'`}</code>
      </pre>
      <p class="hint">{words.value.devices.showsUp}</p>
    </section>
  );
}

export function NoGeofences() {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
    <section class="empty" aria-label={words.value.geofences.none} tabIndex={0}>
      <h2>{words.value.geofences.none}</h2>
      <p>{words.value.geofences.what}</p>
      <p>{mayManage.value ? words.value.geofences.drawOne : words.value.geofences.adminDraws}</p>
    </section>
  );
}
