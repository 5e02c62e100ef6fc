/** Who is told of what: the subscriptions, for admins. */
import { useEffect } from 'preact/hooks';
import type { Desk } from '../alerts/desk';
import { channelName, told, where } from '../alerts/wish';
import type { Subscription } from '../api/subscriptions';
import type { Live } from '../live';
import { geofenceNames, mayManage } from '../state';
import { Nothing } from './Empty';
import { Fault } from './Field';
import { ChannelIcon, PlusIcon } from './Icons';
import { Name } from './Name';
import { SubscriptionForm } from './SubscriptionForm';
import { SubscriptionView } from './SubscriptionView';

export function Alerts({ live, desk }: { live: Live; desk: Desk }) {
  useEffect(() => void desk.read(), []);
  if (desk.draft.value) return <SubscriptionForm live={live} desk={desk} draft={desk.draft.value} />;
  if (desk.open.value) return <SubscriptionView desk={desk} subscription={desk.open.value} live={live} />;
  const subscriptions = desk.subscriptions.value;
  return (
    <section class="alerts" aria-label="Alerts">
      <div class="making">
        <div class="buttons">
          <button type="button" onClick={() => desk.write(null, !mayManage.value)}>
            <PlusIcon /> New subscription
          </button>
        </div>
        <Fault text={desk.faults.value['form']} />
      </div>
      {subscriptions === null ? (
        <Nothing text="Reading subscriptions…" />
      ) : subscriptions.length === 0 ? (
        <NoSubscriptions />
      ) : (
        <ul class="list plain">
          {subscriptions.map((each) => (
            <Row key={each.id} subscription={each} onOpen={() => desk.show(each)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function NoSubscriptions() {
  return (
    <div class="empty">
      <h2>Nobody is told yet</h2>
      <p>
        A subscription says which events somebody wishes to be told of, when, and how: by a webhook, an e-mail, a
        notification of this browser, or MQTT.
      </p>
      <p>Every message is kept with each attempt to deliver it, so that one can see what became of it.</p>
    </div>
  );
}

function Row({ subscription, onOpen }: { subscription: Subscription; onOpen: () => void }) {
  const { name, id, channel, enabled, reason } = subscription;
  return (
    <li>
      <button type="button" class="subscription" onClick={onOpen}>
        <span class={enabled ? 'kind' : 'kind off'}>
          <ChannelIcon kind={channel.kind} />
        </span>
        <span class="name">
          <Name text={name || id} />
        </span>
        <span class={enabled ? 'figure' : 'figure bad'}>{enabled ? channelName(channel.kind) : 'off'}</span>
        <span class="note">
          {!enabled && reason ? reason : `${told(subscription, geofenceNames.value)} → ${where(channel)}`}
        </span>
      </button>
    </li>
  );
}
