/**
 * A client of the IHS realtime hub, for browsers and Node, without dependencies.
 *
 * What it promises: a room's messages once and in order, over disconnections and restarts of the
 * server; a send is made until it is answered, and stored once.
 */

import { Backoff, systemClock } from "./backoff.js";
import { IhsError } from "./errors.js";
import { Emitter } from "./events.js";
import { Inbox } from "./inbox.js";
import { Link } from "./link.js";
import { Login } from "./login.js";
import { Outbox } from "./outbox.js";
import { Close, SUBPROTOCOL } from "./protocol.js";
import { Room } from "./room.js";

export { Close, IhsError, Inbox, Room };

/** A connection that lasted so long was a good one: the next failure is the first again. */
const STEADY = 5_000;

/** Longest wait that a server may ask for. */
const LONGEST_WAIT = 600_000;

/**
 * @typedef {object} Options
 * @property {string} url where the server is: `https://clinic.example`
 * @property {typeof WebSocket} [WebSocket] Node before 22 has none: give it that of the package `ws`
 * @property {typeof fetch} [fetch]
 * @property {"ticket" | "subprotocol"} [credentials] how a socket shows who it is for: a ticket of
 *   one use (the default), or the access token, which saves a request but stands in proxies' logs of headers
 * @property {number} [queueLimit] sends that may wait for an answer: 1000
 * @property {number} [heartbeat] milliseconds of silence after which the server is asked for a sign of life: 20000
 * @property {{ first?: number, most?: number }} [backoff] milliseconds between attempts to connect: 500 to 30000
 * @property {import("./backoff.js").Clock} [clock]
 * @property {() => number} [random]
 *
 * @typedef {"idle" | "connecting" | "open" | "waiting" | "closed"} State
 *
 * @typedef {object} ClientEvents
 * @property {State} state
 * @property {{ code: number, reason: string, wait: number }} disconnected and comes back after `wait` milliseconds
 * @property {IhsError} error what keeps it from connecting; it goes on trying
 * @property {IhsError} signedOut the login has ended: log in again
 * @property {import("./protocol.js").Frame} frame each frame that comes, for what this client does not know
 */

/**
 * One user's connection.
 * @extends {Emitter<ClientEvents>}
 */
export class Client extends Emitter {
  /** @type {Link | undefined} */
  #link;
  /** @type {State} */
  #state = "idle";
  #backoff;
  #options;
  #outbox;
  #clock;
  #timer;
  #attempt = 0;
  #openedAt = Number.POSITIVE_INFINITY;
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
    this.#options = { credentials: "ticket", heartbeat: 20_000, ...options, WebSocket: socket, random };
    this.#backoff = new Backoff({ ...options.backoff, random });
    this.#outbox = new Outbox({ limit: options.queueLimit ?? 1_000, clock, random });
    this.#timer = /** @type {any} */ (undefined);
    /** Tokens, and REST requests in this user's name. */
    this.session = new Login({ url, fetch, clock, random });
    this.session.on("renewed", ({ token }) => this.#renewed(token));
    this.session.on("ended", (error) => this.#signedOut(error));
    /** The user's notifications, once `openInbox` was called. */
    this.inbox = new Inbox((frame) => this.#ask(frame));
    globalThis.addEventListener?.("online", () => this.#hurry());
  }

  get state() {
    return this.#state;
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
    if (this.#state !== "idle" && this.#state !== "closed") return;
    void this.#connect();
  }

  /** Disconnects, and gives up what waits. Rooms are kept, and taken up by another `connect`. */
  close() {
    this.#stop("closed");
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
    if (this.#link?.isOpen) void room.resume(this.#link);
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
    await this.#sync();
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

  async #connect() {
    const attempt = (this.#attempt += 1);
    this.#clock.clearTimeout(this.#timer);
    this.#become("connecting");
    try {
      const { url, protocols } = await this.#credentials();
      // Closed, or begun anew, in the meantime.
      if (attempt !== this.#attempt) return;
      this.#openedAt = Number.POSITIVE_INFINITY;
      const { WebSocket, heartbeat } = this.#options;
      const link = new Link({
        WebSocket,
        url,
        protocols,
        clock: this.#clock,
        heartbeat,
        opened: (opened) => attempt === this.#attempt && this.#opened(opened),
        heard: (frame) => attempt === this.#attempt && this.#hear(frame),
        closed: (end) => attempt === this.#attempt && this.#closed(end),
      });
      this.#link = link;
    } catch (cause) {
      if (attempt === this.#attempt) this.#failed(/** @type {IhsError} */ (cause));
    }
  }

  async #credentials() {
    const { url } = this.session;
    const socket = `${url.replace(/^http/, "ws")}/ws/`;
    if (this.#options.credentials === "ticket") {
      const ticket = await this.session.ticket();
      return { url: `${socket}?ticket=${encodeURIComponent(ticket)}`, protocols: [SUBPROTOCOL] };
    }
    return { url: socket, protocols: [SUBPROTOCOL, `bearer.${this.session.token}`] };
  }

  /** @param {Link} link */
  #opened(link) {
    this.#openedAt = this.#clock.now();
    this.#become("open");
    if (this.#newest !== undefined) void this.#sync().catch(() => {});
    for (const room of this.#rooms.values()) {
      if (this.#newest === undefined || room.position.after === undefined) void room.resume(link);
    }
    // Whoever opened it first was told whether it may be.
    if (this.#wantsInbox) void link.ask({ type: "inbox" }).catch(() => {});
    this.#outbox.attach(link);
  }

  /** @param {import("./protocol.js").Frame} frame */
  #hear(frame) {
    this.emit("frame", frame);
    const room = this.#rooms.get(frame.room);
    switch (frame.type) {
      case "joined":
        return room?.applyJoined(/** @type {any} */ (frame));
      case "synced":
        return this.#synced(frame.rooms);
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

  /** @param {{ code: number, reason: string }} end */
  #closed({ code, reason }) {
    this.#drop();
    if (this.#clock.now() - this.#openedAt >= STEADY) this.#backoff.reset();
    if (code === Close.TOKEN_ENDED || (this.#openedAt === Number.POSITIVE_INFINITY && this.#mayBeToken())) {
      return void this.#reconnectRenewed(code, reason);
    }
    this.#retry(code, reason, this.#wait(code, reason));
  }

  /**
   * A socket that did not open says nothing of the reason; a ticket would have been refused before.
   */
  #mayBeToken() {
    return this.#options.credentials === "subprotocol";
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  async #reconnectRenewed(code, reason) {
    const attempt = (this.#attempt += 1);
    this.#become("connecting");
    const renewed = await this.session.renew().then(
      () => undefined,
      (error) => error,
    );
    if (attempt !== this.#attempt) return;
    if (renewed) return this.#failed(renewed);
    this.#retry(code, reason, this.#backoff.next());
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #wait(code, reason) {
    const asked = Number(reason);
    if (code === Close.GOING_AWAY && reason !== "" && asked >= 0) return Math.min(asked, LONGEST_WAIT);
    const wait = this.#backoff.next();
    return code === Close.TOO_FAST ? Math.max(wait, this.#backoff.most / 2) : wait;
  }

  /** @param {IhsError} error */
  #failed(error) {
    // Listeners know already.
    if (error.code === "signed_out") return;
    if (error.code === "unauthenticated") return this.#signedOut(error);
    this.emit("error", error);
    const asked = Math.min((error.retryAfter ?? 0) * 1_000, LONGEST_WAIT);
    this.#retry(1006, error.message, Math.max(asked, this.#backoff.next()));
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @param {number} wait
   */
  #retry(code, reason, wait) {
    this.#become("waiting");
    this.#timer = this.#clock.setTimeout(() => void this.#connect(), wait);
    this.emit("disconnected", { code, reason, wait });
  }

  /** The network is back: no use in waiting on. */
  #hurry() {
    if (this.#state === "waiting") void this.#connect();
  }

  /** @param {string} token */
  async #renewed(token) {
    const link = this.#link;
    if (!link?.isOpen) return;
    // A socket that did not take it ends with the old token, and is followed by another.
    await link.ask({ type: "token", token }).catch(() => {});
  }

  /** @param {IhsError} error */
  #signedOut(error) {
    this.#stop("idle");
    this.emit("signedOut", error);
  }

  /** @param {State} state */
  #stop(state) {
    const link = this.#link;
    this.#attempt += 1;
    this.#clock.clearTimeout(this.#timer);
    this.#drop();
    link?.drop();
    this.#become(state);
  }

  #drop() {
    this.#link = undefined;
    this.#outbox.detach();
  }

  async #sync() {
    const positions = this.rooms.map(({ id, position }) => [id, position.after]);
    const known = positions.filter(([, after]) => after !== undefined);
    await this.#ask({ type: "sync", rooms: Object.fromEntries(known), newest: this.#newest });
  }

  /** @param {import("./protocol.js").SyncedRoom[]} rooms */
  #synced(rooms) {
    for (const synced of rooms) {
      const known = this.#rooms.get(synced.room);
      const isResumed = known?.position.after !== undefined;
      (known ?? this.#room(synced.room, {})).applySynced(synced, isResumed);
    }
  }

  /**
   * @param {string} id
   * @param {import("./room.js").From} from
   */
  #room(id, from) {
    const room = new Room(id, from, {
      link: () => (this.#link?.isOpen ? this.#link : undefined),
      outbox: this.#outbox,
      clock: this.#clock,
      key: newKey,
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
    if (!this.#link?.isOpen) throw new IhsError("disconnected", "there is no connection");
    return this.#link.ask(frame);
  }

  /** @param {State} state */
  #become(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.emit("state", state);
  }
}

/** A key that nobody has had. `randomUUID` is there in secure contexts only. */
function newKey() {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
