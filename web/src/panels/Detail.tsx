/** The selected device: what its newest position says, what is said with it, and how it went. */
import { useEffect, useRef } from 'preact/hooks';
import type { Live } from '../live';
import { type CardView, cardView, editing, events, mayManage, second, selected, tick, unread } from '../state';
import { Uncovering } from '../uncover';
import { words } from '../words';
import { CardNow } from './CardNow';
import { renderFace } from './DeviceIcons';
import { CloseIcon, PencilIcon } from './Icons';
import { later } from './later';
import { isolated, Name } from './Name';
import { Unread } from './Unread';

const Charts = later(() => import('./Charts').then((it) => it.Charts));
const HealthView = later(() => import('../health/HealthView').then((it) => it.HealthView));
const Talk = later(() => import('./Talk').then((it) => it.Talk));

export function Detail({ live }: { live: Live }) {
  void tick.value;
  void second.value;
  void events.value;
  const row = selected.value;
  const { devices } = live.feed;
  const id = row === null ? undefined : devices.id[row];
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    const uncovering = card.current && new Uncovering(live, card.current);
    return () => uncovering?.end();
  }, [live, id]);
  if (row === null || !id) return null;
  return (
    <section
      class="detail card"
      ref={card}
      data-view={cardView.value}
      aria-label={words.value.detail.device(isolated(devices.name[row]!))}
    >
      <Head live={live} row={row} id={id} />
      <Views id={id} />
      {cardView.value === 'charts' ? (
        <Charts live={live} id={id} key={id} />
      ) : cardView.value === 'talk' ? (
        <Talk live={live} id={id} key={id} />
      ) : cardView.value === 'health' ? (
        <HealthView live={live} id={id} key={id} />
      ) : (
        <CardNow live={live} row={row} />
      )}
    </section>
  );
}

function Head({ live, row, id }: { live: Live; row: number; id: string }) {
  void tick.value;
  const { devices } = live.feed;
  return (
    <header>
      {devices.photo[row] && renderFace({ devices, row })}
      <div>
        <h2>
          {!devices.photo[row] && renderFace({ devices, row })}
          <Name text={devices.name[row]} />
        </h2>
        <p class="id">
          {id}
          {devices.category[row] ? ` · ${devices.category[row]}` : ''}
        </p>
      </div>
      <span class="tools">
        {mayManage.value && (
          <button
            type="button"
            class="quiet"
            aria-label={words.value.card.edit}
            title={`${words.value.card.edit} (e)`}
            onClick={() => (editing.value = id)}
          >
            <PencilIcon />
          </button>
        )}
        <button type="button" class="quiet" aria-label={words.value.app.close} onClick={() => (selected.value = null)}>
          <CloseIcon />
        </button>
      </span>
    </header>
  );
}

const VIEWS: readonly CardView[] = ['now', 'talk', 'charts', 'health'];

function Views({ id }: { id: string }) {
  const count = unread.value.get(id) ?? 0;
  return (
    <div class="views" role="group" aria-label={words.value.card.views}>
      {VIEWS.map((view) => (
        <button key={view} type="button" aria-pressed={cardView.value === view} onClick={() => (cardView.value = view)}>
          {words.value.card[view]}
          {view === 'talk' && <Unread count={count} />}
        </button>
      ))}
    </div>
  );
}
