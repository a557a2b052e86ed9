/**
 * @typedef {import("./protocol.js").Entry} Entry
 * @typedef {import("./protocol.js").Message} Message
 * @typedef {{ history?: number, after?: number, last?: string }} From
 *
 * @typedef {object} RoomEvents
 * @property {Message} message a new one, at the end
 * @property {Message} edited
 * @property {Message} deleted
 * @property {Entry} members
 * @property {Entry} entry each entry of the log, once and in order
 * @property {Room} change `messages`, `pending`, `unread`, `online` or `read` are not what they were
 * @property {Room} joined the feed is live, for the first time or again
 * @property {Room} diverged the log was set back: `messages` begins anew
 * @property {{ position: number, seq: number }} gap entries were missing, and are being fetched
 * @property {{ user: string }} typing
 * @property {{ user: string, seq: number }} read
 * @property {{ user: string, online: boolean }} presence
 * @property {{ reason: string }} interrupted the feed has ended for a reason that passes, and is taken up again
 * @property {{ reason: string }} left the feed has ended, and is not taken up again
 *
 * @typedef {object} Wire
 * @property {() => import("./link.js").Link | undefined} link
 * @property {import("./outbox.js").Outbox} outbox
 * @property {import("./backoff.js").Clock} clock
 * @property {Backoff} backoff between attempts to join
 * @property {() => string} key
 * @property {() => string | undefined} me
 * @property {(path: string) => Promise<any>} request
 * @property {(room: Room) => void} forget
 */
/**
 * A room and its messages as they now are.
 * @extends {Emitter<RoomEvents>}
 */
export class Room extends Emitter<RoomEvents> {
    /**
     * @param {string} id
     * @param {From} from
     * @param {Wire} wire
     */
    constructor(id: string, from: From, wire: Wire);
    id: string;
    /** Resolves when the room is joined for the first time. */
    ready: Promise<any>;
    /** Messages of others that this user has not read. */
    unread: number;
    /** Who has a socket in the room. @type {Set<string>} */
    online: Set<string>;
    /** How far each member has read. @type {Map<string, number>} */
    read: Map<string, number>;
    /** Whether there may be messages before the first one here. */
    hasOlder: boolean;
    /** As `sync` knows it. @type {string | undefined} */
    name: string | undefined;
    /** @type {string | undefined} */
    kind: string | undefined;
    /** The messages, ascending. */
    get messages(): import("./protocol.js").Message[];
    /** The seq of the last entry that was taken in, and its id as far as it is known: where to resume. */
    get position(): {
        after: number | undefined;
        last: string | undefined;
    };
    /** What is sent and not acknowledged yet, oldest first. */
    get pending(): import("./protocol.js").Frame[];
    /**
     * Sends a message, now or when there is a connection again, and resolves with its ack.
     * @param {string} text
     * @param {{ key?: string }} [options] the same key again stores nothing twice
     * @returns {Promise<import("./protocol.js").Ack>}
     */
    send(text: string, { key }?: {
        key?: string;
    }): Promise<import("./protocol.js").Ack>;
    /**
     * @param {number} seq
     * @param {string} text
     * @returns {Promise<import("./protocol.js").Ack>}
     */
    edit(seq: number, text: string): Promise<import("./protocol.js").Ack>;
    /**
     * @param {number} seq
     * @returns {Promise<import("./protocol.js").Ack>}
     */
    delete(seq: number): Promise<import("./protocol.js").Ack>;
    /** Tells the others that this user is writing. Call it for each key: it is not told each time. */
    typing(): void;
    /**
     * Notes how far this user has read; survives disconnections.
     * @param {number} [seq] everything that is here
     */
    markRead(seq?: number): void;
    /**
     * Fetches messages before the first one here, and adds them.
     * @param {number} [limit]
     * @returns {Promise<Message[]>} those that were added
     */
    older(limit?: number): Promise<Message[]>;
    /** Ends the feed of this room. The user stays a member. */
    leave(): Promise<void>;
    /** @internal Takes up the feed on a new connection, or after a gap. @param {import("./link.js").Link} link */
    resume(link: import("./link.js").Link): Promise<void>;
    /** @internal The connection is gone: what was begun on it is begun anew on the next. */
    lost(): void;
    /** @internal @param {import("./protocol.js").Joined} joined */
    applyJoined(joined: import("./protocol.js").Joined): void;
    /** @internal @param {import("./protocol.js").SyncedRoom} synced @param {boolean} isResumed what was missed follows */
    applySynced(synced: import("./protocol.js").SyncedRoom, isResumed: boolean): void;
    /** @internal @param {Entry} entry @param {string | undefined} me */
    applyEntry(entry: Entry, me: string | undefined): void;
    /** @internal @param {import("./protocol.js").Frame} frame */
    applyEvent(frame: import("./protocol.js").Frame): void;
    /** @internal @param {IhsError} error */
    fail(error: IhsError): void;
    #private;
}
export type Entry = import("./protocol.js").Entry;
export type Message = import("./protocol.js").Message;
export type From = {
    history?: number;
    after?: number;
    last?: string;
};
export type RoomEvents = {
    /**
     * a new one, at the end
     */
    message: Message;
    edited: Message;
    deleted: Message;
    members: Entry;
    /**
     * each entry of the log, once and in order
     */
    entry: Entry;
    /**
     * `messages`, `pending`, `unread`, `online` or `read` are not what they were
     */
    change: Room;
    /**
     * the feed is live, for the first time or again
     */
    joined: Room;
    /**
     * the log was set back: `messages` begins anew
     */
    diverged: Room;
    /**
     * entries were missing, and are being fetched
     */
    gap: {
        position: number;
        seq: number;
    };
    typing: {
        user: string;
    };
    read: {
        user: string;
        seq: number;
    };
    presence: {
        user: string;
        online: boolean;
    };
    /**
     * the feed has ended for a reason that passes, and is taken up again
     */
    interrupted: {
        reason: string;
    };
    /**
     * the feed has ended, and is not taken up again
     */
    left: {
        reason: string;
    };
};
export type Wire = {
    link: () => import("./link.js").Link | undefined;
    outbox: import("./outbox.js").Outbox;
    clock: import("./backoff.js").Clock;
    /**
     * between attempts to join
     */
    backoff: Backoff;
    key: () => string;
    me: () => string | undefined;
    request: (path: string) => Promise<any>;
    forget: (room: Room) => void;
};
import { Emitter } from "./events.js";
import { IhsError } from "./errors.js";
import { Backoff } from "./backoff.js";
