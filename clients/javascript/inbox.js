import { Emitter } from "./events.js";

/**
 * @typedef {import("./protocol.js").Notification} Notification
 * @typedef {{ notification: Notification, viewed: string[], change: Inbox }} InboxEvents
 */

/**
 * The notifications that this user has not viewed, the same on all of their devices.
 * @extends {Emitter<InboxEvents>}
 */
export class Inbox extends Emitter {
  #ask;
  /** @type {Map<string, Notification>} */
  #unseen = new Map();
  #surplus = 0;

  /** @param {(frame: import("./protocol.js").Frame) => Promise<any>} ask */
  constructor(ask) {
    super();
    this.#ask = ask;
  }

  /** Those that are here. */
  get unseen() {
    return [...this.#unseen.values()];
  }

  /** How many there are, of which not all may be here. */
  get count() {
    return this.#unseen.size + this.#surplus;
  }

  /**
   * Says that these were viewed; without ids, that all were.
   * @param {string[]} [ids]
   */
  async viewed(ids) {
    await this.#ask(ids ? { type: "viewed", notifications: ids } : { type: "viewed", all: true });
    if (!ids) this.#surplus = 0;
    this.#remove(ids ?? [...this.#unseen.keys()]);
  }

  /** @internal @param {import("./protocol.js").Frame} frame */
  apply(frame) {
    if (frame.type === "notifications") {
      this.#unseen = new Map(frame.unseen.map((/** @type {Notification} */ one) => [one.id, one]));
      this.#surplus = Math.max(0, frame.count - this.#unseen.size);
      this.emit("change", this);
    } else if (frame.type === "notification") {
      const { type: _, ...notification } = frame;
      this.#unseen.set(frame.id, /** @type {any} */ (notification));
      this.emit("notification", /** @type {any} */ (notification));
      this.emit("change", this);
    } else if (frame.type === "viewed") {
      this.#remove(frame.notifications);
    }
  }

  /** @param {string[]} ids */
  #remove(ids) {
    for (const id of ids) this.#unseen.delete(id);
    this.emit("viewed", ids);
    this.emit("change", this);
  }
}
