/** Where the phone is: the browser's positions at the pace that is asked for. */

export interface Places {
  place(position: GeolocationPosition): void;
  heard(): void; // there is one, whether it is passed on yet or not
  failed(isDenied: boolean): void;
}

const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 };
const LASTS_MS = 60_000; // without any position
const DOUBT_MS = 30_000; // after which it is asked: the answer, or none, is there when the minute is over

export class Receiver {
  private watch: number | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private doubts: ReturnType<typeof setInterval> | undefined;
  private last = 0; // ms, when a position was passed on
  private newest: GeolocationPosition | null = null; // heard since
  private heardAt = 0; // ms, or when it began
  private isDenied = false; // since then
  private seconds = 0; // the pace

  constructor(private readonly places: Places) {}

  begin(seconds: number): void {
    this.end();
    this.seconds = seconds;
    this.count();
    this.watch = navigator.geolocation.watchPosition(this.heard, this.fail, OPTIONS);
    this.doubts = setInterval(() => this.doubt(), DOUBT_MS);
    // A phone that lies still may not be told of again: then it is asked.
    this.timer = setInterval(() => this.due(), seconds * 1000);
  }

  end(): void {
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    clearInterval(this.timer);
    clearInterval(this.doubts);
    this.watch = this.newest = null;
  }

  /** Now, whatever the pace. */
  ask(): Promise<GeolocationPosition> {
    return new Promise<GeolocationPosition>((resolve, reject) =>
      navigator.geolocation.getCurrentPosition(resolve, reject, OPTIONS),
    ).then((position) => {
      this.count();
      return position;
    });
  }

  private readonly heard = (position: GeolocationPosition): void => {
    if (this.watch === null) return;
    this.note(position);
    if (Date.now() - this.last >= this.seconds * 900) this.pass();
  };

  private due(): void {
    if (this.newest) this.pass();
    else this.askFor((found) => this.later(found));
  }

  /** A watch may say nothing at all, of a phone that lies still as of one that finds no place. */
  private doubt(): void {
    this.tell();
    if (Date.now() - this.heardAt >= DOUBT_MS) this.askFor(this.heard);
  }

  private askFor(found: (position: GeolocationPosition) => void): void {
    if (document.visibilityState === 'visible') void this.ask().then(found, this.fail);
  }

  private later(position: GeolocationPosition): void {
    if (this.watch === null) return;
    this.note(position);
    this.pass();
  }

  private note(position: GeolocationPosition): void {
    this.newest = position;
    this.count();
    this.places.heard();
  }

  /** From now on a minute without any. */
  private count(): void {
    this.heardAt = Date.now();
    this.isDenied = false;
  }

  private readonly fail = (error: GeolocationPositionError): void => {
    if (this.watch === null) return;
    this.isDenied ||= error.code === error.PERMISSION_DENIED;
    if (this.isDenied) this.places.failed(true);
    else this.tell();
  };

  /** A phone that lies still, or a browser between two positions, fails now and then: that is none until it lasts. */
  private tell(): void {
    if (!this.isDenied && Date.now() - this.heardAt >= LASTS_MS) this.places.failed(false);
  }

  private pass(): void {
    if (this.newest === null) return;
    const position = this.newest;
    this.newest = null;
    this.last = Date.now();
    this.places.place(position);
  }
}
