/** The page of a sharing link: what it shows and until when, a map, and how old each place is. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Theme } from '../map/flavors';
import type { Link, Place, Shown } from './link';
import { Standing } from './standing';
import { age, degrees, length, moment, span, words } from './words';

const TICK_MS = 1_000;

export function Page({ link, theme }: { link: Link; theme: ReadonlySignal<Theme> }) {
  const [ground] = useState(() => new Standing(link, theme));
  const shown = link.shown.value;
  const isOver = link.state.value === 'ended' || link.state.value === 'foreign';
  if (shown === null || isOver) return <Door link={link} />;
  return (
    <main class="link">
      <Ground link={link} ground={ground} blur={shown.blur} />
      <aside>
        <Header link={link} shown={shown} />
        <Places link={link} fly={(place) => ground.map.peek()?.fly(place)} />
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

/** Over the ground, or in its place: why there is no map, and where everybody is. */
function Ground({ link, ground, blur }: { link: Link; ground: Standing; blur: number }) {
  const box = useRef<HTMLDivElement>(null);
  const isOpen = link.state.value === 'open';
  const places = [...link.places.value.values()];
  const lines = link.lines.value;
  const map = ground.map.value;
  const trouble = ground.trouble.value;
  useEffect(() => {
    ground.stand(box.current!);
    return () => ground.remove();
  }, []);
  useEffect(() => {
    if (isOpen) ground.opened();
  }, [isOpen]);
  useEffect(() => map?.show(places, lines, blur), [map, places, lines]);
  return (
    <div class="ground">
      <div class="map" ref={box} />
      {trouble !== null && (
        <p class="soft">
          {trouble === 'unread' ? words.mapAway : words.noMap}{' '}
          {places.map((it) => `${it.name}: ${words.places(degrees(it.lat), degrees(it.lon))}`).join('; ')}
          {trouble === 'unread' && (
            <button type="button" onClick={() => location.reload()}>
              {words.loadMap}
            </button>
          )}
        </p>
      )}
    </div>
  );
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
