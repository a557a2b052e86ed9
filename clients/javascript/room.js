import { guard } from "./amendment.js";
import { Backoff, sleep } from "./backoff.js";
import { IhsError } from "./errors.js";
import { Emitter } from "./events.js";
import { ReadMark } from "./mark.js";
import { View } from "./view.js";

/** A room is told at most this often that somebody is writing. */
const TYPING_EVERY = 3_000;

/** So often a join is made again that found no room: a node may learn late, by some seconds, who was added. */
const MOST_MISSES = 4;

/** A feed that lasted so long was a good one: its next end is the first again. */
const STEADY = 5_000;

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
export class Room extends Emitter {
  #wire;
  /** @type {import("./amendment.js").Log} */
  #log;
  /** @type {From} */
  #from;
  #view = new View();
  /** The feed is live, or on its way: what comes is to follow what is there. */
  #feeding = false;
  #repairing = false;
  /** The last attempt to join has succeeded, and nothing has ended the feed since. */
  #live = false;
  /** Live once: who is refused now was removed. */
  #wasLive = false;
  #isOver = false;
  #liveSince = 0;
  /** What was begun under an earlier number is of no interest any more. */
  #turn = 0;
  #misses = 0;
  /** The last entry that is known of, whether it is here or not. */
  #head = 0;
  /** The room's last entry at the time of the last count of unread messages. */
  #counted = 0;
  #mark;
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
    this.#mark = new ReadMark(id, wire.link);
    this.#log = {
      ...wire,
      head: () => this.ready.then(() => this.#head, () => this.#head),
      isJoining: () => !this.#isOver && !this.#live,
    };
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
    if (seq <= this.#mark.seq) return;
    this.#mark.seq = seq;
    this.unread = 0;
    void this.#mark.tell();
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
    this.#isOver = true;
    this.#stop();
    if (this.#wire.link()) await this.#ask({ type: "leave", room: this.id });
  }

  /** @internal Takes up the feed on a new connection, or after a gap. @param {import("./link.js").Link} link */
  async resume(link) {
    const turn = (this.#turn += 1);
    this.#feeding = true;
    this.#live = false;
    const { position, lastId } = this.#view;
    const from =
      position === undefined
        ? { history: this.#from.history }
        : { after: position, ...(lastId !== undefined && position > 0 && { last: lastId }) };
    try {
      await link.ask({ type: "join", room: this.id, ...from });
    } catch (error) {
      if (turn === this.#turn) this.#refused(/** @type {IhsError} */ (error), link);
    }
  }

  /** @internal The connection is gone: what was begun on it is begun anew on the next. */
  lost() {
    this.#turn += 1;
    this.#live = false;
    this.#repairing = false;
    this.#misses = 0;
    this.#wire.backoff.reset();
  }

  /** @internal @param {import("./protocol.js").Joined} joined */
  applyJoined(joined) {
    if (joined.diverged) this.#begin(0);
    // A join from now on starts behind the head; one with history starts with what comes first.
    else if (this.#view.position === undefined && (!this.#from.history || joined.seq === 0)) {
      this.#view.start(joined.seq);
    }
    this.#goLive(joined.seq, joined.diverged);
    this.unread = joined.unread;
    this.online = new Set(joined.online);
    this.read = new Map(Object.entries(joined.read));
    this.#joined?.();
    void this.#mark.tell();
    if (joined.diverged) this.emit("diverged", this);
    this.emit("joined", this);
    this.emit("change", this);
  }

  /** @internal @param {import("./protocol.js").SyncedRoom} synced @param {boolean} isResumed what was missed follows */
  applySynced(synced, isResumed) {
    this.name = synced.name;
    this.kind = synced.kind;
    this.unread = synced.unread;
    this.#goLive(synced.seq, synced.diverged);
    if (synced.diverged) this.#begin(0);
    else if (!isResumed) {
      this.#begin(synced.seq);
      this.#view.prepend(synced.newest.filter(({ type }) => type === "message"));
    }
    this.#joined?.();
    void this.#mark.tell();
    if (synced.diverged) this.emit("diverged", this);
    this.emit("joined", this);
    this.emit("change", this);
  }

  /** @internal @param {Entry} entry @param {string | undefined} me */
  applyEntry(entry, me) {
    if (!this.#feeding || this.#repairing) return;
    const { position } = this.#view;
    this.#head = Math.max(this.#head, entry.seq);
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
    if (frame.type === "left") return frame.reason === "removed" ? this.#end("removed") : this.#interrupted(frame.reason);
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

  /**
   * @param {number} head
   * @param {boolean} [isAnother] the log was set back
   */
  #goLive(head, isAnother = false) {
    this.#feeding = this.#live = this.#wasLive = true;
    this.#repairing = false;
    this.#liveSince = this.#wire.clock.now();
    this.#misses = 0;
    this.#counted = head;
    this.#head = isAnother ? head : Math.max(this.#head, head);
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
  #refused(error, link) {
    // On the next connection it is asked for again.
    if (error.code === "disconnected") return;
    if (error.code === "timed_out" || error.code === "unauthenticated") return link.drop();
    if (error.passes) return void this.#rejoin(link, error.retryAfter);
    if (error.code !== "not_found") return this.#end(error.code, error);
    this.#misses += 1;
    if (this.#misses <= MOST_MISSES) return void this.#rejoin(link);
    this.#end(this.#wasLive ? "removed" : error.code, error);
  }

  /**
   * @param {import("./link.js").Link} link
   * @param {number} [retryAfter] seconds
   */
  async #rejoin(link, retryAfter = 0) {
    const turn = this.#turn;
    const { backoff, clock } = this.#wire;
    await sleep(clock, Math.max(backoff.next(), retryAfter * 1_000));
    if (turn === this.#turn && link.isOpen && !this.#live) void this.resume(link);
  }

  /** @param {string} reason */
  #interrupted(reason) {
    const { backoff, clock, link } = this.#wire;
    if (this.#live && clock.now() - this.#liveSince >= STEADY) backoff.reset();
    this.#stop();
    this.emit("interrupted", { reason });
    const open = link();
    if (open) void this.#rejoin(open);
  }

  #stop() {
    this.#turn += 1;
    this.#feeding = this.#live = this.#repairing = false;
  }

  /**
   * @param {string} reason
   * @param {IhsError} [error]
   */
  #end(reason, error = new IhsError("forbidden", `the feed has ended: ${reason}`)) {
    this.#isOver = true;
    this.#stop();
    this.fail(error);
    this.#wire.forget(this);
    this.#wire.outbox.drop((frame) => frame.room === this.id, error);
    this.emit("left", { reason });
  }

  /** @param {import("./protocol.js").Frame} frame */
  async #queue(frame) {
    const answer = this.#wire.outbox.add(this.id, frame, guard(frame, this.#log));
    this.emit("change", this);
    const { room, seq, id, time } = await answer.finally(() => queueMicrotask(() => this.emit("change", this)));
    this.#head = Math.max(this.#head, seq);
    return { room, seq, id, time };
  }

  /** @param {import("./protocol.js").Frame} frame */
  async #ask(frame) {
    const link = this.#wire.link();
    if (!link) throw new IhsError("disconnected", "there is no connection");
    return link.ask(frame);
  }
}
