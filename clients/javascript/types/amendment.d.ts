/**
 * @typedef {import("./protocol.js").Entry} Entry
 *
 * @typedef {object} Log
 * @property {() => Promise<number>} head the last entry that is known of, once there is one
 * @property {() => boolean} isJoining the feed is not live, and will be
 * @property {() => string | undefined} me
 * @property {(path: string) => Promise<any>} request
 * @property {import("./backoff.js").Clock} clock
 */
/**
 * What is to be known of a frame for a room, besides that it is to be sent.
 * @param {import("./protocol.js").Frame} frame
 * @param {Log} log
 * @returns {import("./outbox.js").Guard}
 */
export function guard(frame: import("./protocol.js").Frame, log: Log): import("./outbox.js").Guard;
export type Entry = import("./protocol.js").Entry;
export type Log = {
    /**
     * the last entry that is known of, once there is one
     */
    head: () => Promise<number>;
    /**
     * the feed is not live, and will be
     */
    isJoining: () => boolean;
    me: () => string | undefined;
    request: (path: string) => Promise<any>;
    clock: import("./backoff.js").Clock;
};
