/** What the server refuses with is said in German, its values in their places, and what is not known as it came. */
import { describe, expect, it, vi } from 'vitest';
import { sayInGerman } from '../src/refusals/german';
import { makeSay } from '../src/refusals/translate';

const whole = (text: string) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);

/** What it says, and with how many tries of a pattern. It fails past so many, for without a bound it would never end. */
function sayWithin(most: number, say: (sentence: string) => string, sentence: string): string {
  const { exec } = RegExp.prototype;
  let tries = 0;
  const spy = vi.spyOn(RegExp.prototype, 'exec').mockImplementation(function (this: RegExp, text) {
    if (++tries > most) throw new Error(`more than ${most} tries`);
    return exec.call(this, text);
  });
  try {
    return say(sentence);
  } finally {
    spy.mockRestore();
  }
}

describe('the German of the refusals', () => {
  it.each([
    ['there is a device van-1 already', 'Es gibt schon ein Gerät van-1'],
    ['a password has 10 characters or more', 'Ein Passwort hat mindestens 10 Zeichen'],
    ['there is a pair of a and b already', 'Es gibt schon ein Paar aus a und b'],
    ['name: Expected `str` of length >= 1', 'name: Erwartet wird `str` mit einer Länge von mindestens 1'],
    ['properties.radius: is needed, in metres', 'properties.radius: Wird gebraucht, in Metern'],
    ['geometry: self-intersection at 24.9, 60.1', 'geometry: Der Rand kreuzt sich selbst bei 24.9, 60.1'],
    ['only oneself does that', 'Das darf nur die Person selbst'],
    ['TimeoutError: no answer in time', 'TimeoutError: Keine rechtzeitige Antwort'],
    [
      'nothing in the file can be a geofence: it has neither places nor lines nor areas',
      'Nichts in der Datei kann ein Gebiet sein: Darin sind weder Orte noch Linien noch Flächen',
    ],
    ['photo: 5000 x 5000 pixels at most', 'photo: Höchstens 5000 x 5000 Pixel'],
    ['devices: 50 at most', 'devices: Höchstens 50'],
    ['there is no device expired', 'Es gibt kein Gerät expired'],
    ['expired is no name; it is called by its id', 'expired ist kein Name; es heißt wie seine id'], // values are no words of ours
    ['covers no area is kept as it was: the file has no such column', /^covers no area bleibt/],
    ['id: line was area, which it replaces', 'id: line war area und ersetzt es'],
    ['width: 16\'3" is read as 4.953', 'width: 16\'3" ist als 4.953 gelesen'],
    [
      'dwell: 1,234 does not count, and is kept as source_dwell: may be a decimal or a thousand',
      'dwell: 1,234 gilt nicht und bleibt als source_dwell: Das kann ein Dezimal- oder ein Tausenderkomma sein',
    ],
    [
      'properties.radius: is needed, in metres (radius: big does not count, and is kept as source_radius: is no number)',
      'properties.radius: Wird gebraucht, in Metern (radius: big gilt nicht und bleibt als source_radius: Das ist keine Zahl)',
    ],
    ['a point beside the line is passed over, as the place of its label', /neben der Linie ist/],
    ['Zones 2024: no .prj says in which system it is: it is read as longitude and latitude', /^Zones 2024: Keine .prj/],
    ['Way: 1,200 lines without a place are passed over', /^Way: 1.200 Linien ohne Ort sind übergangen$/],
    [
      'geometry: repaired, from 1,200 to 900 m2: self-intersection at 24.9, 60.1',
      /von 1.200 auf 900 m²: Der Rand kreuzt/,
    ],
    [
      'nothing in the file can be a geofence: a link to another file is passed over; nothing is fetched; its heights are left out',
      'Nichts in der Datei kann ein Gebiet sein: Ein Verweis auf eine andere Datei ist übergangen; geholt wird nichts; Die Höhen fallen weg',
    ],
    [
      'nothing in the file can be a geofence: Way 1: a line of one place is passed over; Way 2: a line of one place is passed over',
      'Nichts in der Datei kann ein Gebiet sein: Way 1: Eine Linie mit nur einem Ort ist übergangen; Way 2: Eine Linie mit nur einem Ort ist übergangen',
    ],
    [
      'nothing in the file can be a geofence: a: no .prj says in which system it is: it is read as longitude and latitude; b: no .prj says in which system it is: it is read as longitude and latitude',
      'Nichts in der Datei kann ein Gebiet sein: a: Keine .prj nennt das Koordinatensystem: gelesen ist es als Länge und Breite; b: Keine .prj nennt das Koordinatensystem: gelesen ist es als Länge und Breite',
    ],
    [
      'a: no .prj says in which system it is: it is read as longitude and latitude; b is odd',
      'a: Keine .prj nennt das Koordinatensystem: gelesen ist es als Länge und Breite; b is odd',
    ],
    [
      'Way; 1: its heights are left out; its heights are left out',
      'Way; 1: Die Höhen fallen weg; Die Höhen fallen weg',
    ],
    [
      'nothing in the file can be a geofence: a point of a recording is passed over; one with a radius of its own is a geofence',
      'Nichts in der Datei kann ein Gebiet sein: Ein Punkt einer Aufzeichnung ist übergangen; einer mit eigenem radius ist ein Gebiet',
    ],
    [
      'geometry: takes more memory to read than is granted; simplify it or send it in parts',
      'geometry: Braucht zum Lesen mehr Speicher, als es gibt; bitte vereinfachen oder in Teilen senden',
    ],
    ['covers no area; simplify it first', 'Umfasst keine Fläche; bitte erst vereinfachen'],
    ['the body has to be one of a, b; or say format=kml', 'Der Inhalt muss eines sein von a, b; oder format=kml'],
    ['there is a device van; 1 already', 'Es gibt schon ein Gerät van; 1'],
    ['not a time as 22:00 is one: 25; 61', 'Das ist keine Uhrzeit wie 22:00: 25; 61'],
    [
      'dwell: 1; 2 does not count, and is kept as source_dwell: is no number',
      'dwell: 1; 2 gilt nicht und bleibt als source_dwell: Das ist keine Zahl',
    ],
    ['450 4.2.0 try again at 10:00, greylisted', '450 4.2.0 try again at 10:00, greylisted'],
    ['550 5.1.1 User unknown', '550 5.1.1 User unknown'], // another server's
  ])('says %s', (said, german) => expect(sayInGerman(said)).toMatch(german instanceof RegExp ? german : whole(german)));

  it('takes the sentence that says most where several fit', () => {
    const say = makeSay({ '{} at most': 'höchstens {}', 'a name of {} at most': 'ein Name von höchstens {}' });
    expect(say('a name of 3 at most')).toBe('ein Name von höchstens 3');
  });

  it('gives back a text with dollars and braces as it is', () => {
    const say = makeSay({ 'no {}': 'kein {}' });
    expect(say('no $& {} $1')).toBe('kein $& {} $1');
  });

  describe('with many names and parts', () => {
    const say = makeSay({ 'no {}': 'kein {}', '{} is read as {}': '{} gilt als {}', 'it is: {}': 'es ist: {!}' });
    const [many, patterns] = [120, 3];
    const most = 2 * patterns * many ** 2;

    it.each(['x: ', 'x; ', 'x: y; ', 'it is: ', 'it is: x; ', 'no y; ', 'a: b is read as c; '])(
      'ends at %s',
      (part) => {
        expect(sayWithin(most, say, `${part.repeat(100)}?`)).toMatch(/\?/);
      },
    );

    it('says what a stranger said as it came', () => {
      const said = 'x: '.repeat(100);
      expect(sayWithin(most, say, said)).toBe(said);
      expect(sayWithin(100_000, sayInGerman, said)).toBe(said);
    });

    it('says every named note', () => {
      const join = (note: string) => Array.from({ length: many }, (_, n) => `Way ${n}: ${note}`).join('; ');
      expect(sayWithin(most, say, `it is: ${join('no place')}`)).toBe(`es ist: ${join('kein place')}`);
      expect(sayWithin(100_000, sayInGerman, join('a line of one place is passed over'))).toBe(
        join('Eine Linie mit nur einem Ort ist übergangen'),
      );
    });
  });
});
