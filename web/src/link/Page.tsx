/** The page of a sharing link: what it shows and until when, a map, and how old each place is. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Link, Place, Shown } from './link';
import type { LinkMap } from './map';
import { age, degrees, length, moment, span, words } from './words';

const TICK_MS = 1_000;

export function Page({ link, theme }: { link: Link; theme: 'light' | 'dark' }) {
  const map = useRef<LinkMap | null>(null);
  const shown = link.shown.value;
  const isOver = link.state.value === 'ended' || link.state.value === 'foreign';
  if (shown === null || isOver) return <Door link={link} />;
  return (
    <main class="link">
      <Ground link={link} theme={theme} shown={shown} map={map} />
      <aside>
        <Header link={link} shown={shown} />
        <Places link={link} fly={(place) => map.current?.fly(place)} />
      </aside>
    </main>
  );
}

function Header({ link, shown }: { link: Link; shown: Shown }) {
  const isLost = link.state.value !== 'open';
  const kind = isLost ? 'lost' : shown.live ? 'live' : 'past';
  const facts = [
    shown.delay > 0 && words.delayed(span(shown.delay * 1000)),
    shown.blur > 0 && words.blurred(length(shown.blur)),
    shown.hides && words.hides,
  ].filter((it) => it !== false);
  return (
    <header>
      <h1>
        <bdi>{shown.name || words.title}</bdi>
      </h1>
      <p class="state" data-state={kind} role="status">
        {words[kind]} · {words.until(moment(shown.until))}
      </p>
      {facts.length > 0 && <p class="facts">{facts.join(' · ')}</p>}
    </header>
  );
}

function Places({ link, fly }: { link: Link; fly: (place: Place) => void }) {
  const tick = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => (tick.value += 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  void tick.value; // ages go on though nothing is heard
  const places = [...link.places.value.values()].sort((a, b) => a.name.localeCompare(b.name));
  if (places.length === 0) return <p class="soft">{words.nothing}</p>;
  return (
    <ul class="places">
      {places.map((place) => (
        <li key={place.alias}>
          <button type="button" onClick={() => fly(place)}>
            <bdi>{place.name}</bdi>
            <small>{age(link.now() - place.at)}</small>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface GroundProps {
  link: Link;
  theme: 'light' | 'dark';
  shown: Shown;
  map: { current: LinkMap | null };
}

function Ground({ link, theme, shown, map }: GroundProps) {
  const box = useRef<HTMLDivElement>(null);
  const isBroken = useSignal(false);
  const isOpen = link.state.value === 'open';
  const isAsked = useRef(false);
  useEffect(() => {
    const container = box.current;
    if (container === null || !isOpen) return;
    map.current?.complete();
    if (isAsked.current) return;
    isAsked.current = true;
    void draw(container, theme)
      .then((made) => {
        map.current = made;
        isBroken.value = false;
        made.show([...link.places.value.values()], link.lines.value, shown.blur);
      })
      .catch(() => {
        isBroken.value = true;
        isAsked.current = false; // the next time there is a network is the next try
      });
  }, [isOpen]);
  const places = [...link.places.value.values()];
  const lines = link.lines.value;
  useEffect(() => map.current?.show(places, lines, shown.blur), [places, lines]);
  return (
    <div class="ground">
      <div class="map" ref={box} />
      {isBroken.value && (
        <p class="soft">
          {words.noMap} {places.map((it) => `${it.name}: ${words.places(degrees(it.lat), degrees(it.lon))}`).join('; ')}
        </p>
      )}
    </div>
  );
}

async function draw(container: HTMLElement, theme: 'light' | 'dark'): Promise<LinkMap> {
  const [{ LinkMap }, config] = await Promise.all([import('./map'), fetch('api/config').then((it) => it.json())]);
  const { map_style, streets } = config as { map_style: string | null; streets?: unknown[] };
  return new LinkMap(container, theme, { custom: map_style, streets: (streets ?? []).length > 0 });
}

const SAID = {
  opening: words.opening,
  open: words.opening,
  incomplete: words.noCode,
  ended: words.ended,
  foreign: words.foreign,
  full: words.full,
  lost: words.offline,
} as const;

/** Before there is anything to see, and after. */
function Door({ link }: { link: Link }) {
  const state = link.state.value;
  if (state === 'password' || state === 'wrong') return <Password link={link} />;
  return (
    <main class="door">
      <h1>{words.title}</h1>
      <p role="status">{SAID[state]}</p>
    </main>
  );
}

function Password({ link }: { link: Link }) {
  const text = useSignal('');
  const wait = link.wait.value;
  return (
    <main class="door">
      <h1>{words.title}</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void link.try(text.value);
        }}
      >
        <label>
          {words.protected}
          <input
            type="password"
            aria-label={words.password}
            autocomplete="off"
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={wait > 0 || text.value === ''}>
          {words.open}
        </button>
      </form>
      {link.state.value === 'wrong' && (
        <p class="trouble" role="alert">
          {wait > 0 ? words.later(String(wait)) : words.wrong}
        </p>
      )}
    </main>
  );
}
