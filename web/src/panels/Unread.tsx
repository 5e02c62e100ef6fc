import { words } from '../words';

/** How many messages nobody has read here. */
export function Unread({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span class="unread">
      <span aria-hidden="true">{count}</span>
      <span class="unseen">{words.value.talk.unread(count)}</span>
    </span>
  );
}
