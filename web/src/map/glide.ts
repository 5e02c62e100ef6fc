/** How long a marker takes from one position to the next. */

const LEAST_MS = 150;
const LONGEST_MS = 3_000; // a marker that trails further behind would show a past nobody asked for
const OLD_MS = 30_000; // after such a silence the way between the two is a guess
const FASTEST = 350; // m/s: past this it is a jump, and gliding would invent a flight
const LATE = 1.15; // the next fix is a little late as a rule; arriving early would look like stop and go

/** 0: it jumps. `interval` is the time between the two fixes in ms, NaN for the first. */
export function glideTime(interval: number, metres: number): number {
  if (!(interval > 0) || interval > OLD_MS || metres / (interval / 1000) > FASTEST) return 0;
  return Math.min(LONGEST_MS, Math.max(LEAST_MS, LATE * interval));
}
