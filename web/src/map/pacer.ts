/** How long to wait before the next frame: none on a fast GPU; on a slow one enough to leave the page responsive. */

const SMOOTH_MS = 40; // up to here a repaint costs nothing anybody notices
const SLOWEST_MS = 250;

export class Pacer {
  private cost = 16; // ms, smoothed
  private last = NaN;
  private waited = 0;

  /** Call when a frame is drawn; says the milliseconds to let pass before the next. */
  next(now: number): number {
    const since = now - this.last - this.waited;
    this.last = now;
    if (since > 0 && since < 1000) this.cost += 0.2 * (since - this.cost); // longer: the animation had ended
    // As long again as a frame takes: a software renderer may use half of its core, and no more.
    this.waited = this.cost <= SMOOTH_MS ? 0 : Math.min(SLOWEST_MS, this.cost);
    return this.waited;
  }

  /** The animation ended: the time until the next frame says nothing about the GPU. */
  rest(): void {
    this.last = NaN;
    this.waited = 0;
  }
}
