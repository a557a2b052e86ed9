/**
 * A client of the IHS realtime hub, for browsers and Node, without dependencies.
 *
 * What it promises: a room's messages once and in order, over disconnections and restarts of the
 * server; a send is made until it is answered, and stored once. An edit is made until it is answered
 * too, and may stand in the log twice.
 */

import { Backoff, sleep, systemClock } from "./backoff.js";
import { Connection } from "./connection.js";
import { IhsError } from "./errors.js";
import { Emitter } from "./events.js";
import { Inbox } from "./inbox.js";
import { Login } from "./login.js";
import { Outbox } from "./outbox.js";
import { Close } from "./protocol.js";
import { Room } from "./room.js";

export { Close, IhsError, Inbox, Room };

/** So many rooms are resumed in one request, which keeps it under the limit of a frame. */
const MOST_NAMED = 1_000;

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
export class Client extends Emitter {
  #connection;
  #outbox;
  #clock;
  #backoff;
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  /** Set once everything of the user's is followed: how many messages of each room. @type {number | undefined} */
  #newest;
  #wantsInbox = false;
  /** @type {string | undefined} */
  #me;

  /** @param {Options} options */
  constructor(options) {
    super();
    const { url, clock = systemClock, random = Math.random, fetch = globalThis.fetch?.bind(globalThis) } = options;
    const socket = options.WebSocket ?? globalThis.WebSocket;
    if (!socket) throw new TypeError("there is no WebSocket here: give one in the options");
    this.#clock = clock;
    this.#backoff = () => new Backoff({ ...options.backoff, random });
    this.#outbox = new Outbox({ limit: options.queueLimit ?? 1_000, clock, random });
    /** Tokens, and REST requests in this user's name. */
    this.session = new Login({ url, fetch, clock, random });
    this.#connection = new Connection({
      session: this.session,
      WebSocket: socket,
      credentials: options.credentials ?? "ticket",
      heartbeat: options.heartbeat ?? 20_000,
      backoff: options.backoff,
      clock,
      random,
      opened: (link) => this.#opened(link),
      heard: (frame, request) => this.#hear(frame, request),
      lost: () => this.#lost(),
    });
    for (const name of /** @type {const} */ (["state", "disconnected", "error", "signedOut"])) {
      this.#connection.on(name, (detail) => this.emit(name, detail));
    }
    /** The user's notifications, once `openInbox` was called. */
    this.inbox = new Inbox((frame) => this.#ask(frame));
  }

  get state() {
    return this.#connection.state;
  }

  /** The rooms that are followed. */
  get rooms() {
    return [...this.#rooms.values()];
  }

  /** Sends that wait for an answer. */
  get queued() {
    return this.#outbox.size;
  }

  /**
   * Logs in, and connects.
   * @param {string} username
   * @param {string} password
   */
  async login(username, password) {
    const tokens = await this.session.login(username, password);
    this.#me = tokens.user?.username ?? username;
    this.connect();
    return tokens;
  }

  /**
   * Takes tokens that were got elsewhere, and connects.
   * @param {import("./login.js").Tokens & { username: string }} tokens
   */
  use({ username, ...tokens }) {
    this.#me = username;
    this.session.use(tokens);
    this.connect();
  }

  /** Connects, and stays connected until `close`. */
  connect() {
    this.#connection.start();
  }

  /** Disconnects, and gives up what waits. Rooms are kept, and taken up by another `connect`. */
  close() {
    this.#connection.stop("closed");
    this.#outbox.drop(() => true, new IhsError("closed", "the client was closed"));
  }

  /** Ends the login too. */
  async logout() {
    this.close();
    for (const room of this.rooms) this.#forget(room);
    await this.session.logout();
  }

  /**
   * Follows a room: its last messages, or what came after an entry, and from then on everything.
   * @param {string} id
   * @param {import("./room.js").From} [from] `{ history: 50 }` if not said
   * @returns {Promise<Room>}
   */
  join(id, from = { history: 50 }) {
    return this.follow(id, from).ready;
  }

  /**
   * As `join`, but gives the room at once: what it holds comes later.
   * @param {string} id
   * @param {import("./room.js").From} [from]
   */
  follow(id, from = { history: 50 }) {
    const known = this.#rooms.get(id);
    if (known) return known;
    const room = this.#room(id, from);
    const { link } = this.#connection;
    if (link) void room.resume(link);
    return room;
  }

  /**
   * Follows the direct room with somebody.
   * @param {string} username
   * @param {import("./room.js").From} [from]
   */
  async direct(username, from) {
    const body = { kind: "direct", members: [username] };
    const { id } = await this.session.request("/api/rooms/", { method: "POST", body });
    return this.join(id, from);
  }

  /**
   * Follows all rooms of the user: with their newest messages, and from then on everything.
   * @param {{ newest?: number }} [options]
   */
  async sync({ newest = 20 } = {}) {
    this.#newest = newest;
    await this.#ask(this.#everything());
    return this.rooms;
  }

  /** Follows the user's notifications. */
  async openInbox() {
    this.#wantsInbox = true;
    await this.#ask({ type: "inbox" });
    return this.inbox;
  }

  /**
   * Notifies a user, now or when there is a connection again, and resolves with the notification's id.
   * @param {string} user
   * @param {{ title: string, text: string, category?: string, key?: string }} notification
   * @returns {Promise<string>}
   */
  async notify(user, { key = newKey(), ...notification }) {
    const { id } = await this.#outbox.add("notify", { type: "notify", user, ...notification, key });
    return id;
  }

  /** How long the server takes to answer, in milliseconds. */
  async ping() {
    const asked = this.#clock.now();
    await this.#ask({ type: "ping" });
    return this.#clock.now() - asked;
  }

  /** @param {import("./link.js").Link} link */
  #opened(link) {
    if (this.#newest !== undefined) void this.#sync(link);
    for (const room of this.#rooms.values()) {
      if (this.#newest === undefined || room.position.after === undefined) void room.resume(link);
    }
    // Whoever opened it first was told whether it may be.
    if (this.#wantsInbox) void link.ask({ type: "inbox" }).catch(() => {});
    this.#outbox.attach(link);
  }

  #lost() {
    this.#outbox.detach();
    for (const room of this.#rooms.values()) room.lost();
  }

  /**
   * @param {import("./protocol.js").Frame} frame
   * @param {import("./protocol.js").Frame} [request] that it answers
   */
  #hear(frame, request) {
    this.emit("frame", frame);
    const room = this.#rooms.get(frame.room);
    switch (frame.type) {
      case "joined":
        return room?.applyJoined(/** @type {any} */ (frame));
      case "synced":
        return this.#synced(frame.rooms, new Set(Object.keys(request?.rooms ?? {})));
      case "message":
      case "edited":
      case "deleted":
      case "members":
        return room?.applyEntry(/** @type {any} */ (frame), this.#me);
      case "notifications":
      case "notification":
      case "viewed":
        return this.inbox.apply(frame);
      default:
        return room?.applyEvent(frame);
    }
  }

  /** Takes up all rooms on a new connection, however often it has to be asked for. @param {import("./link.js").Link} link */
  async #sync(link) {
    const backoff = this.#backoff();
    while (link.isOpen) {
      try {
        return await link.ask(this.#everything());
      } catch (cause) {
        const error = /** @type {IhsError} */ (cause);
        if (error.code === "timed_out" || error.code === "unauthenticated") return link.drop();
        if (!error.passes) return this.#resume(() => true);
        await sleep(this.#clock, Math.max(backoff.next(), (error.retryAfter ?? 0) * 1_000));
      }
    }
  }

  #everything() {
    const positions = this.rooms.map(({ id, position }) => [id, position.after]);
    const known = positions.filter(([, after]) => after !== undefined).slice(0, MOST_NAMED);
    return { type: "sync", rooms: Object.fromEntries(known), newest: this.#newest };
  }

  /**
   * @param {import("./protocol.js").SyncedRoom[]} rooms
   * @param {Set<string>} named those that were to be resumed
   */
  #synced(rooms, named) {
    const resumed = new Set();
    for (const synced of rooms) {
      const known = this.#rooms.get(synced.room);
      const isResumed = named.has(synced.room);
      // Left, or joined, since it was asked for.
      if (isResumed !== (known?.position.after !== undefined)) continue;
      resumed.add(synced.room);
      (known ?? this.#room(synced.room, {})).applySynced(synced, isResumed);
    }
    // The user is no member of them any more, or of more than one answer holds: joining tells.
    this.#resume(({ id }) => !resumed.has(id));
  }

  /** Takes up rooms one by one. @param {(room: Room) => boolean} which */
  #resume(which) {
    const { link } = this.#connection;
    for (const room of this.rooms) {
      if (link && room.position.after !== undefined && which(room)) void room.resume(link);
    }
  }

  /**
   * @param {string} id
   * @param {import("./room.js").From} from
   */
  #room(id, from) {
    const room = new Room(id, from, {
      link: () => this.#connection.link,
      outbox: this.#outbox,
      clock: this.#clock,
      backoff: this.#backoff(),
      key: newKey,
      me: () => this.#me,
      request: (path) => this.session.request(path),
      forget: (gone) => this.#forget(gone),
    });
    this.#rooms.set(id, room);
    return room;
  }

  /** @param {Room} room */
  #forget(room) {
    if (this.#rooms.get(room.id) === room) this.#rooms.delete(room.id);
    room.fail(new IhsError("closed", "the room was left"));
  }

  /** @param {import("./protocol.js").Frame} frame */
  async #ask(frame) {
    const { link } = this.#connection;
    if (!link) throw new IhsError("disconnected", "there is no connection");
    return link.ask(frame);
  }
}

/** A key that nobody has had. `randomUUID` is there in secure contexts only. */
function newKey() {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
