/**
 * @typedef {object} Options
 * @property {string} url where the server is: `https://clinic.example`
 * @property {typeof WebSocket} [WebSocket] Node before 22 has none: give it that of the package `ws`
 * @property {typeof fetch} [fetch]
 * @property {"ticket" | "subprotocol"} [credentials] how a socket shows who it is for: a ticket of
 *   one use (the default), or the access token, which saves a request but stands in proxies' logs of headers
 * @property {number} [queueLimit] sends that may wait for an answer: 1000
 * @property {number} [heartbeat] milliseconds of silence after which the server is asked for a sign of life: 20000
 * @property {{ first?: number, most?: number }} [backoff] milliseconds between attempts to connect, or to join a room: 500 to 30000
 * @property {import("./backoff.js").Clock} [clock]
 * @property {() => number} [random]
 *
 * @typedef {import("./connection.js").State} State
 * @typedef {import("./connection.js").ConnectionEvents & { frame: import("./protocol.js").Frame }} ClientEvents
 * `frame` is each frame that comes, for what this client does not know
 */
/**
 * One user's connection.
 * @extends {Emitter<ClientEvents>}
 */
export class Client extends Emitter<ClientEvents> {
    /** @param {Options} options */
    constructor(options: Options);
    /** Tokens, and REST requests in this user's name. */
    session: Login;
    /** The user's notifications, once `openInbox` was called. */
    inbox: Inbox;
    get state(): import("./connection.js").State;
    /** The rooms that are followed. */
    get rooms(): Room[];
    /** Sends that wait for an answer. */
    get queued(): number;
    /**
     * Logs in, and connects.
     * @param {string} username
     * @param {string} password
     */
    login(username: string, password: string): Promise<any>;
    /**
     * Takes tokens that were got elsewhere, and connects.
     * @param {import("./login.js").Tokens & { username: string }} tokens
     */
    use({ username, ...tokens }: import("./login.js").Tokens & {
        username: string;
    }): void;
    /** Connects, and stays connected until `close`. */
    connect(): void;
    /** Disconnects, and gives up what waits. Rooms are kept, and taken up by another `connect`. */
    close(): void;
    /** Ends the login too. */
    logout(): Promise<void>;
    /**
     * Follows a room: its last messages, or what came after an entry, and from then on everything.
     * @param {string} id
     * @param {import("./room.js").From} [from] `{ history: 50 }` if not said
     * @returns {Promise<Room>}
     */
    join(id: string, from?: import("./room.js").From): Promise<Room>;
    /**
     * As `join`, but gives the room at once: what it holds comes later.
     * @param {string} id
     * @param {import("./room.js").From} [from]
     */
    follow(id: string, from?: import("./room.js").From): Room;
    /**
     * Follows the direct room with somebody.
     * @param {string} username
     * @param {import("./room.js").From} [from]
     */
    direct(username: string, from?: import("./room.js").From): Promise<Room>;
    /**
     * Follows all rooms of the user: with their newest messages, and from then on everything.
     * @param {{ newest?: number }} [options]
     */
    sync({ newest }?: {
        newest?: number;
    }): Promise<Room[]>;
    /** Follows the user's notifications. */
    openInbox(): Promise<Inbox>;
    /**
     * Notifies a user, now or when there is a connection again, and resolves with the notification's id.
     * @param {string} user
     * @param {{ title: string, text: string, category?: string, key?: string }} notification
     * @returns {Promise<string>}
     */
    notify(user: string, { key, ...notification }: {
        title: string;
        text: string;
        category?: string;
        key?: string;
    }): Promise<string>;
    /** How long the server takes to answer, in milliseconds. */
    ping(): Promise<number>;
    #private;
}
export type Options = {
    /**
     * where the server is: `https://clinic.example`
     */
    url: string;
    /**
     * Node before 22 has none: give it that of the package `ws`
     */
    WebSocket?: {
        new (url: string | URL, protocols?: string | string[]): WebSocket;
        prototype: WebSocket;
        readonly CONNECTING: 0;
        readonly OPEN: 1;
        readonly CLOSING: 2;
        readonly CLOSED: 3;
    } | undefined;
    fetch?: typeof fetch | undefined;
    /**
     * how a socket shows who it is for: a ticket of
     * one use (the default), or the access token, which saves a request but stands in proxies' logs of headers
     */
    credentials?: "ticket" | "subprotocol" | undefined;
    /**
     * sends that may wait for an answer: 1000
     */
    queueLimit?: number | undefined;
    /**
     * milliseconds of silence after which the server is asked for a sign of life: 20000
     */
    heartbeat?: number | undefined;
    /**
     * milliseconds between attempts to connect, or to join a room: 500 to 30000
     */
    backoff?: {
        first?: number;
        most?: number;
    } | undefined;
    clock?: import("./backoff.js").Clock | undefined;
    random?: (() => number) | undefined;
};
export type State = import("./connection.js").State;
/**
 * `frame` is each frame that comes, for what this client does not know
 */
export type ClientEvents = import("./connection.js").ConnectionEvents & {
    frame: import("./protocol.js").Frame;
};
import { Close } from "./protocol.js";
import { IhsError } from "./errors.js";
import { Inbox } from "./inbox.js";
import { Room } from "./room.js";
import { Emitter } from "./events.js";
import { Login } from "./login.js";
export { Close, IhsError, Inbox, Room };
