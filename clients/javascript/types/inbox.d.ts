/**
 * @typedef {import("./protocol.js").Notification} Notification
 * @typedef {{ notification: Notification, viewed: string[], change: Inbox }} InboxEvents
 */
/**
 * The notifications that this user has not viewed, the same on all of their devices.
 * @extends {Emitter<InboxEvents>}
 */
export class Inbox extends Emitter<InboxEvents> {
    /** @param {(frame: import("./protocol.js").Frame) => Promise<any>} ask */
    constructor(ask: (frame: import("./protocol.js").Frame) => Promise<any>);
    /** Those that are here. */
    get unseen(): import("./protocol.js").Notification[];
    /** How many there are, of which not all may be here. */
    get count(): number;
    /**
     * Says that these were viewed; without ids, that all were.
     * @param {string[]} [ids]
     */
    viewed(ids?: string[]): Promise<void>;
    /** @internal @param {import("./protocol.js").Frame} frame */
    apply(frame: import("./protocol.js").Frame): void;
    #private;
}
export type Notification = import("./protocol.js").Notification;
export type InboxEvents = {
    notification: Notification;
    viewed: string[];
    change: Inbox;
};
import { Emitter } from "./events.js";
