import { IhsError } from "./errors.js";
import { Emitter } from "./events.js";
import { View } from "./view.js";

/** A room is told at most this often that somebody is writing. */
const TYPING_EVERY = 3_000;

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
 * @property {{ reason: string }} left the feed has ended, and is not taken up again
 *
 * @typedef {object} Wire
 * @property {() => import("./link.js").Link | undefined} link
 * @property {import("./outbox.js").Outbox} outbox
 * @property {import("./backoff.js").Clock} clock
 * @property {() => string} key
 * @property {(room: Room) => void} forget
 */

/**
 * A room and its messages as they now are.
 * @extends {Emitter<RoomEvents>}
 */
export class Room extends Emitter {
  #wire;
  /** @type {From} */
  #from;
  #view = new View();
  /** The feed is live, or on its way: what comes is to follow what is there. */
  #feeding = false;
  #repairing = false;
  /** The room's last entry at the time of the last count of unread messages. */
  #counted = 0;
  #marked = 0;
  #markSent = 0;
  #typed = -TYPING_EVERY;
  /** @type {(() => void) | undefined} */
  #joined;
  /** @type {((error: IhsError) => void) | undefined} */
  #failed;

  /**
   * @param {string} id
   * @param {From} from
   * @param {Wire} wire
   */
  constructor(id, from, wire) {
    super();
    this.id = id;
    this.#from = from;
    this.#wire = wire;
    if (from.after !== undefined) this.#view.start(from.after, from.last);
    /** Resolves when the room is joined for the first time. */
    this.ready = new Promise((resolve, reject) => {
      this.#joined = () => resolve(this);
      this.#failed = reject;
    });
    this.ready.catch(() => {});
    /** Messages of others that this user has not read. */
    this.unread = 0;
    /** Who has a socket in the room. @type {Set<string>} */
    this.online = new Set();
    /** How far each member has read. @type {Map<string, number>} */
    this.read = new Map();
    /** Whether there may be messages before the first one here. */
    this.hasOlder = true;
    /** As `sync` knows it. @type {string | undefined} */
    this.name = undefined;
    /** @type {string | undefined} */
    this.kind = undefined;
  }

  /** The messages, ascending. */
  get messages() {
    return this.#view.messages;
  }

  /** The seq of the last entry that was taken in, and its id as far as it is known: where to resume. */
  get position() {
    return { after: this.#view.position, last: this.#view.lastId };
  }

  /** What is sent and not acknowledged yet, oldest first. */
  get pending() {
    return this.#wire.outbox.waiting(this.id);
  }

  /**
   * Sends a message, now or when there is a connection again, and resolves with its ack.
   * @param {string} text
   * @param {{ key?: string }} [options] the same key again stores nothing twice
   * @returns {Promise<import("./protocol.js").Ack>}
   */
  send(text, { key = this.#wire.key() } = {}) {
    return this.#queue({ type: "message", room: this.id, text, key });
  }

  /**
   * @param {number} seq
   * @param {string} text
   * @returns {Promise<import("./protocol.js").Ack>}
   */
  edit(seq, text) {
    return this.#queue({ type: "edit", room: this.id, seq, text });
  }

  /**
   * @param {number} seq
   * @returns {Promise<import("./protocol.js").Ack>}
   */
  delete(seq) {
    return this.#queue({ type: "delete", room: this.id, seq });
  }

  /** Tells the others that this user is writing. Call it for each key: it is not told each time. */
  typing() {
    const now = this.#wire.clock.now();
    if (now - this.#typed < TYPING_EVERY) return;
    this.#typed = now;
    this.#wire.link()?.tell({ type: "typing", room: this.id });
  }

  /**
   * Notes how far this user has read; survives disconnections.
   * @param {number} [seq] everything that is here
   */
  markRead(seq = this.#view.position ?? 0) {
    if (seq <= this.#marked) return;
    this.#marked = seq;
    this.unread = 0;
    void this.#mark();
    this.emit("change", this);
  }

  /**
   * Fetches messages before the first one here, and adds them.
   * @param {number} [limit]
   * @returns {Promise<Message[]>} those that were added
   */
  async older(limit = 50) {
    const first = this.messages[0]?.seq;
    const before = first ?? (this.#view.position ?? 0) + 1;
    const page = await this.#ask({ type: "history", room: this.id, before, limit });
    const added = this.#view.prepend(page.messages);
    this.hasOlder = page.more;
    this.emit("change", this);
    return added;
  }

  /** Ends the feed of this room. The user stays a member. */
  async leave() {
    this.#wire.forget(this);
    this.#feeding = false;
    if (this.#wire.link()) await this.#ask({ type: "leave", room: this.id });
  }

  /** @internal Takes up the feed on a new connection, or after a gap. @param {import("./link.js").Link} link */
  async resume(link) {
    this.#feeding = true;
    const { position, lastId } = this.#view;
    const from =
      position === undefined
        ? { history: this.#from.history }
        : { after: position, ...(lastId !== undefined && position > 0 && { last: lastId }) };
    try {
      await link.ask({ type: "join", room: this.id, ...from });
    } catch (error) {
      await this.#refused(/** @type {IhsError} */ (error), link);
    }
  }

  /** @internal @param {import("./protocol.js").Joined} joined */
  applyJoined(joined) {
    if (joined.diverged) this.#begin(0);
    // A join from now on starts behind the head; one with history starts with what comes first.
    else if (this.#view.position === undefined && (!this.#from.history || joined.seq === 0)) {
      this.#view.start(joined.seq);
    }
    this.#feeding = true;
    this.#repairing = false;
    this.#counted = joined.seq;
    this.unread = joined.unread;
    this.online = new Set(joined.online);
    this.read = new Map(Object.entries(joined.read));
    this.#joined?.();
    void this.#mark();
    if (joined.diverged) this.emit("diverged", this);
    this.emit("joined", this);
    this.emit("change", this);
  }

  /** @internal @param {import("./protocol.js").SyncedRoom} synced @param {boolean} isResumed what was missed follows */
  applySynced(synced, isResumed) {
    this.name = synced.name;
    this.kind = synced.kind;
    this.#counted = synced.seq;
    this.unread = synced.unread;
    this.#feeding = true;
    const setBack = this.#view.position !== undefined && synced.seq < this.#view.position;
    if (setBack || !isResumed) {
      this.#begin(synced.seq);
      this.#view.prepend(synced.newest.filter(({ type }) => type === "message"));
    }
    this.#joined?.();
    void this.#mark();
    if (setBack) this.emit("diverged", this);
    this.emit("joined", this);
    this.emit("change", this);
  }

  /** @internal @param {Entry} entry @param {string | undefined} me */
  applyEntry(entry, me) {
    if (!this.#feeding || this.#repairing) return;
    const { position } = this.#view;
    if (position !== undefined && entry.seq > position + 1) return this.#repair(position, entry.seq);
    const applied = this.#view.apply(entry);
    if (!applied) return;
    if (entry.type === "message" && entry.sender !== me && entry.seq > this.#counted) this.unread += 1;
    this.emit("entry", entry);
    if (entry.type === "members") this.emit("members", entry);
    else if (applied.message) this.emit(entry.type, applied.message);
    this.emit("change", this);
  }

  /** @internal @param {import("./protocol.js").Frame} frame */
  applyEvent(frame) {
    if (frame.type === "left") return this.#end(frame.reason);
    if (frame.type === "presence") this.online[frame.online ? "add" : "delete"](frame.user);
    if (frame.type === "read") this.read.set(frame.user, frame.seq);
    if (frame.type === "typing" || frame.type === "presence" || frame.type === "read") {
      this.emit(frame.type, /** @type {any} */ (frame));
      if (frame.type !== "typing") this.emit("change", this);
    }
  }

  /** @internal @param {IhsError} error */
  fail(error) {
    this.#failed?.(error);
  }

  /** @param {number} position */
  #begin(position) {
    this.#view = new View();
    this.#view.start(position);
    this.hasOlder = position > 0;
  }

  /**
   * @param {number} position
   * @param {number} seq
   */
  #repair(position, seq) {
    this.emit("gap", { position, seq });
    const link = this.#wire.link();
    if (!link) return;
    this.#repairing = true;
    void this.resume(link);
  }

  /**
   * @param {IhsError} error
   * @param {import("./link.js").Link} link
   */
  async #refused(error, link) {
    // On the next connection it is asked for again.
    if (error.code === "disconnected") return;
    if (error.code === "timed_out") return link.drop();
    if (!error.passes) return this.#end(error.code, error);
    const { clock } = this.#wire;
    await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), (error.retryAfter ?? 1) * 1_000));
    if (link.isOpen && this.#feeding) await this.resume(link);
  }

  /**
   * @param {string} reason
   * @param {IhsError} [error]
   */
  #end(reason, error = new IhsError("forbidden", `the feed has ended: ${reason}`)) {
    this.#feeding = false;
    this.fail(error);
    this.#wire.forget(this);
    this.#wire.outbox.drop((frame) => frame.room === this.id, error);
    this.emit("left", { reason });
  }

  async #mark() {
    const seq = this.#marked;
    const link = this.#wire.link();
    if (!link || this.#markSent >= seq) return;
    this.#markSent = seq;
    try {
      await link.ask({ type: "read", room: this.id, seq });
    } catch {
      // The next mark, or the next connection, tells it.
      this.#markSent = Math.min(this.#markSent, seq - 1);
    }
  }

  /** @param {import("./protocol.js").Frame} frame */
  async #queue(frame) {
    const answer = this.#wire.outbox.add(this.id, frame);
    this.emit("change", this);
    const { room, seq, id, time } = await answer.finally(() => queueMicrotask(() => this.emit("change", this)));
    return { room, seq, id, time };
  }

  /** @param {import("./protocol.js").Frame} frame */
  async #ask(frame) {
    const link = this.#wire.link();
    if (!link) throw new IhsError("disconnected", "there is no connection");
    return link.ask(frame);
  }
}
