/** The ways to more than one device: one link for many phones, one address for what speaks for many. */
import { joiningWords } from '../joining/words';
import { type Joining, joining } from '../state';

export function AddMany({ onLeave }: { onLeave: () => void }) {
  const said = joiningWords.value;
  const go = (where: Joining) => {
    onLeave();
    joining.value = where;
  };
  return (
    <section class="ways-many" aria-label={said.many}>
      <h3>{said.many}</h3>
      <button type="button" onClick={() => go('gatherings')}>
        {said.gatherings}
        <small>{said.gatheringsHint}</small>
      </button>
      <button type="button" onClick={() => go('sources')}>
        {said.sources}
        <small>{said.sourcesHint}</small>
      </button>
    </section>
  );
}
