/** One subscription: what it tells and where, its secret once, its log. */
import { useEffect, useState } from 'preact/hooks';
import type { Desk } from '../alerts/desk';
import { sayRule } from '../alerts/rule';
import type { Subscription } from '../api/subscriptions';
import type { Live } from '../live';
import { sayIn } from '../refusals/say';
import { words } from '../words';
import { Confirm } from './Confirm';
import { DeliveryLog } from './DeliveryLog';
import { namesOf } from './EventFeed';
import { Fault } from './Field';
import { span } from './format';
import { BackIcon, PencilIcon, SendIcon, TrashIcon } from './Icons';
import { isolated, Name } from './Name';

export function SubscriptionView({ live, desk, subscription }: { live: Live; desk: Desk; subscription: Subscription }) {
  const { id, name, enabled, reason, cooldown, group } = subscription;
  const said = words.value.alerts;
  useEffect(() => {
    void desk.watch();
    return () => desk.rest();
  }, [id]);
  return (
    <section class="alerts" aria-label={said.subscription(isolated(name || id))}>
      <div class="sheet">
        <header>
          <button type="button" class="quiet" aria-label={said.all} onClick={() => desk.close()}>
            <BackIcon />
          </button>
          <h2>
            <Name text={name || id} />
          </h2>
        </header>
        <p class="rule">{sayRule(subscription, namesOf(live))}</p>
        {(cooldown > 0 || group > 0) && (
          <dl class="said">
            <div>
              <dt>{said.limits}</dt>
              <dd>
                {[cooldown > 0 && said.oneIn(span(cooldown)), group > 0 && said.oneMessageIn(span(group))]
                  .filter(Boolean)
                  .join('; ')}
              </dd>
            </div>
          </dl>
        )}
        {!enabled && (
          <p class="notice bad">
            {said.switchedOff}
            {reason ? `: ${sayIn(reason)}` : ''}.
          </p>
        )}
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
  const said = words.value.alerts;
  return (
    <div class="buttons">
      <button type="button" disabled={busy || !subscription.enabled} onClick={() => void desk.test()}>
        <SendIcon /> {said.test}
      </button>
      <button type="button" disabled={busy} onClick={() => desk.write(subscription)}>
        <PencilIcon /> {words.value.app.edit}
      </button>
      <button type="button" disabled={busy} onClick={() => void desk.enable(!subscription.enabled)}>
        {subscription.enabled ? said.switchOff : said.switchOn}
      </button>
      {subscription.channel.kind === 'webhook' && (
        <Confirm
          question={said.secretQuestion}
          yes={said.secretYes}
          disabled={busy}
          onYes={() => void desk.replaceSecret()}
        >
          {said.newSecret}
        </Confirm>
      )}
      <Confirm
        question={said.deleteQuestion}
        yes={words.value.app.delete}
        disabled={busy}
        onYes={() => void desk.remove()}
      >
        <TrashIcon /> {words.value.app.delete}
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
      <p>{words.value.alerts.secretOnce}</p>
      <p class="secret">
        <code>{text}</code>
        {window.isSecureContext && (
          <button type="button" class="secondary" onClick={copy}>
            {copied ? words.value.alerts.copied : words.value.alerts.copy}
          </button>
        )}
      </p>
    </div>
  );
}
