/** One subscription: what it tells and where, its secret once, its log. */
import { useEffect, useState } from 'preact/hooks';
import type { Desk } from '../alerts/desk';
import { channelName, told, where } from '../alerts/wish';
import type { Subscription } from '../api/subscriptions';
import type { Live } from '../live';
import { geofenceNames } from '../state';
import { Confirm } from './Confirm';
import { DeliveryLog } from './DeliveryLog';
import { Fault } from './Field';
import { span } from './format';
import { BackIcon, PencilIcon, SendIcon, TrashIcon } from './Icons';
import { Name } from './Name';

export function SubscriptionView({ live, desk, subscription }: { live: Live; desk: Desk; subscription: Subscription }) {
  const { id, name, channel, enabled, reason, cooldown, group } = subscription;
  useEffect(() => {
    void desk.watch();
    return () => desk.rest();
  }, [id]);
  return (
    <section class="alerts" aria-label={`Subscription ${name || id}`}>
      <div class="sheet">
        <header>
          <button type="button" class="quiet" aria-label="All subscriptions" onClick={() => desk.close()}>
            <BackIcon />
          </button>
          <h2>
            <Name text={name || id} />
          </h2>
        </header>
        <dl class="said">
          <div>
            <dt>{channelName(channel.kind)}</dt>
            <dd>{where(channel)}</dd>
          </div>
          <div>
            <dt>Tells</dt>
            <dd>{told(subscription, geofenceNames.value)}</dd>
          </div>
          {(cooldown > 0 || group > 0) && (
            <div>
              <dt>Not more than</dt>
              <dd>
                {[
                  cooldown > 0 && `one in ${span(cooldown)} of a device and geofence`,
                  group > 0 && `one message in ${span(group)}`,
                ]
                  .filter(Boolean)
                  .join('; ')}
              </dd>
            </div>
          )}
        </dl>
        {!enabled && <p class="notice bad">Switched off{reason ? `: ${reason}` : ''}.</p>}
        {desk.secret.value && <Secret text={desk.secret.value} />}
        <Fault text={desk.faults.value['form']} />
        <Doing desk={desk} subscription={subscription} />
      </div>
      <DeliveryLog live={live} desk={desk} />
    </section>
  );
}

function Doing({ desk, subscription }: { desk: Desk; subscription: Subscription }) {
  const busy = desk.busy.value;
  return (
    <div class="buttons">
      <button type="button" disabled={busy || !subscription.enabled} onClick={() => void desk.test()}>
        <SendIcon /> Send a test
      </button>
      <button type="button" disabled={busy} onClick={() => desk.write(subscription)}>
        <PencilIcon /> Edit
      </button>
      <button type="button" disabled={busy} onClick={() => void desk.enable(!subscription.enabled)}>
        {subscription.enabled ? 'Switch off' : 'Switch on'}
      </button>
      {subscription.channel.kind === 'webhook' && (
        <Confirm
          question="The old one signs for a day more."
          yes="Make a new secret"
          disabled={busy}
          onYes={() => void desk.replaceSecret()}
        >
          New secret
        </Confirm>
      )}
      <Confirm question="Delete it and its log?" yes="Delete" disabled={busy} onYes={() => void desk.remove()}>
        <TrashIcon /> Delete
      </Confirm>
    </div>
  );
}

function Secret({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div class="notice">
      <p>The secret its messages are signed with. It is shown only now.</p>
      <p class="secret">
        <code>{text}</code>
        {window.isSecureContext && (
          <button type="button" class="secondary" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        )}
      </p>
    </div>
  );
}
