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
export function sleep(clock: Clock, milliseconds: number): Promise<void>;
/** Waits that double, and are spread over their upper half: clients that lost a node together do not come back together. */
export class Backoff {
    /** @param {{ first?: number, most?: number, random?: () => number }} [options] milliseconds */
    constructor({ first, most, random }?: {
        first?: number;
        most?: number;
        random?: () => number;
    });
    first: number;
    most: number;
    random: () => number;
    /** The next wait in milliseconds. */
    next(): number;
    reset(): void;
    #private;
}
/** @type {Clock} */
export const systemClock: Clock;
/**
 * Time, so that tests need none.
 */
export type Clock = {
    /**
     * milliseconds
     */
    now: () => number;
    setTimeout: (run: () => void, milliseconds: number) => any;
    clearTimeout: (timer: any) => void;
};
