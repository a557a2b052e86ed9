/** Waits that double, and are spread over their upper half: clients that lost a node together do not come back together. */
export class Backoff {
  #attempt = 0;

  /** @param {{ first?: number, most?: number, random?: () => number }} [options] milliseconds */
  constructor({ first = 500, most = 30_000, random = Math.random } = {}) {
    this.first = first;
    this.most = most;
    this.random = random;
  }

  /** The next wait in milliseconds. */
  next() {
    const ceiling = Math.min(this.most, this.first * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return ceiling / 2 + (this.random() * ceiling) / 2;
  }

  reset() {
    this.#attempt = 0;
  }
}

/**
 * Time, so that tests need none.
 * @typedef {object} Clock
 * @property {() => number} now milliseconds
 * @property {(run: () => void, milliseconds: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */

/**
 * @param {Clock} clock
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
export function sleep(clock, milliseconds) {
  return new Promise((resolve) => void clock.setTimeout(() => resolve(), milliseconds));
}

/** @type {Clock} */
export const systemClock = {
  now: () => Date.now(),
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
};
