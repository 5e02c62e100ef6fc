/** Where the phone is: the browser's positions at the pace that is asked for. */

export interface Places {
  place(position: GeolocationPosition): void;
  heard(): void; // there is one, whether it is passed on yet or not
  failed(isDenied: boolean): void;
}

const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 };
const LASTS_MS = 60_000; // without any position

export class Receiver {
  private watch: number | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private last = 0; // ms, when a position was passed on
  private newest: GeolocationPosition | null = null; // heard since
  private heardAt = 0; // ms

  constructor(private readonly places: Places) {}

  begin(seconds: number): void {
    this.end();
    this.watch = navigator.geolocation.watchPosition(
      (position) => this.heard(position, seconds),
      (error) => this.fail(error.code === error.PERMISSION_DENIED),
      OPTIONS,
    );
    // A phone that lies still may not be told of again: then it is asked.
    this.timer = setInterval(() => this.due(), seconds * 1000);
  }

  end(): void {
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    clearInterval(this.timer);
    this.watch = this.newest = null;
  }

  /** Now, whatever the pace. */
  ask(): Promise<GeolocationPosition> {
    return new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject, OPTIONS));
  }

  private heard(position: GeolocationPosition, seconds: number): void {
    this.note(position);
    if (Date.now() - this.last >= seconds * 900) this.pass();
  }

  private due(): void {
    if (this.newest) this.pass();
    else if (document.visibilityState === 'visible')
      void this.ask().then(
        (found) => this.later(found),
        () => {},
      );
  }

  private later(position: GeolocationPosition): void {
    if (this.watch === null) return;
    this.note(position);
    this.pass();
  }

  private note(position: GeolocationPosition): void {
    this.newest = position;
    this.heardAt = Date.now();
    this.places.heard();
  }

  /** A phone that lies still, or a browser between two positions, fails now and then: that is none until it lasts. */
  private fail(isDenied: boolean): void {
    if (isDenied || Date.now() - this.heardAt >= LASTS_MS) this.places.failed(isDenied);
  }

  private pass(): void {
    if (this.newest === null) return;
    const position = this.newest;
    this.newest = null;
    this.last = Date.now();
    this.places.place(position);
  }
}
