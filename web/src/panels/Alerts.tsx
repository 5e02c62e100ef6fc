/** Who is told of what: the subscriptions, for admins. */
import { useEffect } from 'preact/hooks';
import type { Desk } from '../alerts/desk';
import { sayRule } from '../alerts/rule';
import { channelName } from '../alerts/wish';
import type { Subscription } from '../api/subscriptions';
import type { Live } from '../live';
import { sayIn } from '../refusals/say';
import { mayManage, openAlert } from '../state';
import { words } from '../words';
import { Nothing } from './Empty';
import { namesOf } from './EventFeed';
import { Fault } from './Field';
import { ChannelIcon, PlusIcon } from './Icons';
import { Name } from './Name';
import { SubscriptionForm } from './SubscriptionForm';
import { SubscriptionView } from './SubscriptionView';

export function Alerts({ live, desk }: { live: Live; desk: Desk }) {
  useEffect(() => void desk.read(), []);
  useEffect(() => desk.follow(), [openAlert.value, desk.subscriptions.value, desk.draft.value]);
  if (desk.draft.value) return <SubscriptionForm live={live} desk={desk} draft={desk.draft.value} />;
  if (desk.open.value) return <SubscriptionView desk={desk} subscription={desk.open.value} live={live} />;
  const subscriptions = desk.subscriptions.value;
  const said = words.value.alerts;
  return (
    <section class="alerts" aria-label={words.value.app.alerts}>
      <div class="making">
        <div class="buttons">
          <button type="button" onClick={() => desk.write(null, !mayManage.value)}>
            <PlusIcon /> {said.new}
          </button>
        </div>
        <Fault text={desk.faults.value['form']} />
      </div>
      {subscriptions === null ? (
        <Nothing text={said.reading} />
      ) : subscriptions.length === 0 ? (
        <NoSubscriptions />
      ) : (
        <ul class="list plain">
          {subscriptions.map((each) => (
            <Row key={each.id} live={live} subscription={each} onOpen={() => desk.show(each)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function NoSubscriptions() {
  return (
    <div class="empty">
      <h2>{words.value.alerts.none}</h2>
      <p>{words.value.alerts.what}</p>
      <p>{words.value.alerts.kept}</p>
    </div>
  );
}

interface RowProps {
  readonly live: Live;
  readonly subscription: Subscription;
  readonly onOpen: () => void;
}

function Row({ live, subscription, onOpen }: RowProps) {
  const { name, id, channel, enabled, reason } = subscription;
  const note = !enabled && reason ? sayIn(reason) : sayRule(subscription, namesOf(live));
  return (
    <li>
      <button type="button" class="subscription" onClick={onOpen}>
        <span class={enabled ? 'kind' : 'kind off'}>
          <ChannelIcon kind={channel.kind} />
        </span>
        <span class="name">
          <Name text={name || id} />
        </span>
        <span class={enabled ? 'figure' : 'figure bad'}>
          {enabled ? channelName(channel.kind) : words.value.alerts.off}
        </span>
        <span class="note" title={note}>
          {note}
        </span>
      </button>
    </li>
  );
}
