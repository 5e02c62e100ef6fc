/** What this browser is able to do, and what is said of it. */

interface Battery extends EventTarget {
  readonly level: number;
}

/** On iOS 16.4 to 18.3 the wake lock works in a Safari tab and not in an app on the Home Screen. */
export function losesLockAtHome(agent: string, isStandalone: boolean): boolean {
  const version = /(?:iPhone|iPad|iPod).*? OS (\d+)_(\d+)/.exec(agent);
  if (version === null || !isStandalone) return false;
  const number = Number(version[1]) * 100 + Number(version[2]);
  return number >= 1604 && number <= 1803;
}

export function isAtHome(): boolean {
  const apple = (navigator as { standalone?: boolean }).standalone === true;
  return apple || matchMedia('(display-mode: standalone)').matches;
}

/** The charge, 0 to 1, whenever it changes; never where the browser does not tell. */
export async function watchBattery(told: (level: number) => void): Promise<void> {
  const ask = (navigator as { getBattery?: () => Promise<Battery> }).getBattery;
  const battery = await ask?.call(navigator).catch(() => null);
  if (!battery) return;
  told(battery.level);
  battery.addEventListener('levelchange', () => told(battery.level));
}

/** Holds the screen awake while it is wanted; a page that was hidden has to ask again. */
export class Wake {
  private lock: WakeLockSentinel | null = null;

  constructor(private readonly changed: (isHeld: boolean) => void) {}

  async hold(): Promise<void> {
    if (this.lock !== null || document.visibilityState !== 'visible') return;
    const lock = await navigator.wakeLock?.request('screen').catch(() => null);
    if (!lock) return this.changed(false);
    this.lock = lock;
    lock.addEventListener('release', () => {
      this.lock = null;
      this.changed(false);
    });
    this.changed(true);
  }

  release(): void {
    void this.lock?.release();
  }
}

/** What the person said to being asked for the position, now and whenever that changes; nothing where nobody can tell. */
export async function watchLocation(told: (state: PermissionState) => void): Promise<void> {
  const found = await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null);
  if (!found) return;
  told(found.state);
  found.addEventListener('change', () => told(found.state));
}
