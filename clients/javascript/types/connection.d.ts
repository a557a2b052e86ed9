/**
 * @typedef {import("./errors.js").IhsError} IhsError
 *
 * @typedef {"idle" | "connecting" | "open" | "waiting" | "closed"} State
 *
 * @typedef {object} ConnectionEvents
 * @property {State} state
 * @property {{ code: number, reason: string, wait: number }} disconnected and comes back after `wait` milliseconds
 * @property {IhsError} error what keeps it from connecting; it goes on trying
 * @property {IhsError} signedOut the login has ended: log in again
 *
 * @typedef {object} ConnectionParts
 * @property {import("./login.js").Login} session
 * @property {typeof WebSocket} WebSocket
 * @property {"ticket" | "subprotocol"} credentials
 * @property {number} heartbeat
 * @property {{ first?: number, most?: number }} [backoff]
 * @property {import("./backoff.js").Clock} clock
 * @property {() => number} random
 * @property {(link: Link) => void} opened
 * @property {(frame: import("./protocol.js").Frame, request?: import("./protocol.js").Frame) => void} heard
 * @property {() => void} lost
 */
/**
 * One socket after the other: when to connect, with what, and when again.
 * @extends {Emitter<ConnectionEvents>}
 */
export class Connection extends Emitter<ConnectionEvents> {
    /** @param {ConnectionParts} parts */
    constructor(parts: ConnectionParts);
    get state(): State;
    /** The socket, while it is open. */
    get link(): Link | undefined;
    /** Connects, and stays connected until it is stopped. */
    start(): void;
    /** @param {State} state */
    stop(state: State): void;
    #private;
}
export type IhsError = import("./errors.js").IhsError;
export type State = "idle" | "connecting" | "open" | "waiting" | "closed";
export type ConnectionEvents = {
    state: State;
    /**
     * and comes back after `wait` milliseconds
     */
    disconnected: {
        code: number;
        reason: string;
        wait: number;
    };
    /**
     * what keeps it from connecting; it goes on trying
     */
    error: IhsError;
    /**
     * the login has ended: log in again
     */
    signedOut: IhsError;
};
export type ConnectionParts = {
    session: import("./login.js").Login;
    WebSocket: typeof WebSocket;
    credentials: "ticket" | "subprotocol";
    heartbeat: number;
    backoff?: {
        first?: number;
        most?: number;
    } | undefined;
    clock: import("./backoff.js").Clock;
    random: () => number;
    opened: (link: Link) => void;
    heard: (frame: import("./protocol.js").Frame, request?: import("./protocol.js").Frame) => void;
    lost: () => void;
};
import { Emitter } from "./events.js";
import { Link } from "./link.js";
