/** A place in words, for what is shown: as soon as the names near it are read. */
import { useEffect, useState } from 'preact/hooks';
import { roughly } from '../panels/format';
import { isolated } from '../panels/Name';
import { locale, words } from '../words';
import { findTown, kilometres, radiusOf, type Town, windOf } from './towns';

/** Null as long as it is not known, and where no town is near. */
export function useTown(lon: number, lat: number): Town | null {
  const [town, setTown] = useState<Town | null>(null);
  useEffect(() => {
    let wanted = true;
    setTown(null);
    void findTown(lon, lat).then((found) => wanted && setTown(found));
    return () => {
      wanted = false;
    };
  }, [lon, lat]);
  return town;
}

/** `in Limerick`, or `2 km north of Limerick`. */
export function sayNear(town: Town, lon: number, lat: number): string {
  const { within, beside, winds } = words.value.places;
  const away = kilometres(town, lon, lat);
  const name = isolated(town.name);
  if (away <= radiusOf(town)) return within(name);
  return beside(roughly(1000 * away), winds[windOf(town, lon, lat)]!, name);
}

/** `10:03 GMT there`, where the clocks of a place show another hour than those of the reader; else null. */
export function sayClock(town: Town, at: number): string | null {
  try {
    const there = clock(town.zone).format(at);
    const ours = clock(undefined).format(at);
    return hour(there) === hour(ours) ? null : words.value.places.there(there);
  } catch {
    return null; // a zone that this browser does not know
  }
}

function clock(timeZone: string | undefined): Intl.DateTimeFormat {
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Intl.DateTimeFormat(locale.value, { hour: '2-digit', minute: '2-digit', timeZoneName: 'short', ...zone });
}

/** Without the name of the zone, of which one and the same hour has several. */
function hour(text: string): string {
  return /^\D*\d+\D\d+(\s?[AP]M)?/i.exec(text)?.[0] ?? text;
}
