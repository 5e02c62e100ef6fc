/** Whom the map goes along with, as long as it does, and the way to end it. */
import { stopFollowing } from '../following';
import type { Live } from '../live';
import { followed, tick } from '../state';
import { words } from '../words';
import { CloseIcon, FollowIcon } from './Icons';
import { isolated } from './Name';

export function Following({ live }: { live: Live }) {
  void tick.value; // a name may come later
  const said = words.value.many;
  const [first] = followed.value;
  if (first === undefined) return null;
  const { devices } = live.feed;
  const name = devices.name[devices.row(first) ?? -1] ?? first;
  return (
    <div class="pill-note card" role="status">
      <FollowIcon />
      <span class="text-line">
        {followed.value.size === 1 ? said.followingOne(isolated(name)) : said.following(followed.value.size)}
      </span>
      <button
        type="button"
        class="quiet"
        aria-label={said.stopFollowing}
        title={`${said.stopFollowing} (Esc)`}
        onClick={stopFollowing}
      >
        <CloseIcon />
      </button>
    </div>
  );
}
