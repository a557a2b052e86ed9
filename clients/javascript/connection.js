import { Backoff } from "./backoff.js";
import { Emitter } from "./events.js";
import { Link } from "./link.js";
import { Close, SUBPROTOCOL } from "./protocol.js";

/** A connection that lasted so long was a good one: the next failure is the first again. */
const STEADY = 5_000;

/** Longest wait that a server may ask for. */
const LONGEST_WAIT = 600_000;

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
export class Connection extends Emitter {
  #parts;
  #backoff;
  /** @type {Link | undefined} */
  #link;
  /** @type {State} */
  #state = "idle";
  #timer;
  /** What was begun under an earlier number is of no interest any more. */
  #attempt = 0;
  #openedAt = Number.POSITIVE_INFINITY;

  /** @param {ConnectionParts} parts */
  constructor(parts) {
    super();
    this.#parts = parts;
    this.#backoff = new Backoff({ ...parts.backoff, random: parts.random });
    this.#timer = /** @type {any} */ (undefined);
    parts.session.on("renewed", ({ token }) => this.#renewed(token));
    parts.session.on("ended", (error) => this.#signedOut(error));
    globalThis.addEventListener?.("online", () => this.#hurry());
  }

  get state() {
    return this.#state;
  }

  /** The socket, while it is open. */
  get link() {
    return this.#link?.isOpen ? this.#link : undefined;
  }

  /** Connects, and stays connected until it is stopped. */
  start() {
    if (this.#state === "idle" || this.#state === "closed") void this.#connect();
  }

  /** @param {State} state */
  stop(state) {
    const link = this.#link;
    this.#attempt += 1;
    this.#parts.clock.clearTimeout(this.#timer);
    this.#drop();
    link?.drop();
    this.#become(state);
  }

  async #connect() {
    const attempt = (this.#attempt += 1);
    this.#parts.clock.clearTimeout(this.#timer);
    this.#become("connecting");
    try {
      const { url, protocols } = await this.#credentials();
      // Closed, or begun anew, in the meantime.
      if (attempt !== this.#attempt) return;
      this.#openedAt = Number.POSITIVE_INFINITY;
      const { WebSocket, heartbeat, clock, heard } = this.#parts;
      this.#link = new Link({
        WebSocket,
        url,
        protocols,
        clock,
        heartbeat,
        opened: (link) => attempt === this.#attempt && this.#opened(link),
        heard: (frame, request) => attempt === this.#attempt && heard(frame, request),
        closed: (end) => attempt === this.#attempt && this.#closed(end),
      });
    } catch (cause) {
      if (attempt === this.#attempt) this.#failed(/** @type {IhsError} */ (cause));
    }
  }

  async #credentials() {
    const { session, credentials } = this.#parts;
    const socket = `${session.url.replace(/^http/, "ws")}/ws/`;
    if (credentials === "ticket") {
      const ticket = await session.ticket();
      return { url: `${socket}?ticket=${encodeURIComponent(ticket)}`, protocols: [SUBPROTOCOL] };
    }
    return { url: socket, protocols: [SUBPROTOCOL, `bearer.${session.token}`] };
  }

  /** @param {Link} link */
  #opened(link) {
    this.#openedAt = this.#parts.clock.now();
    this.#become("open");
    this.#parts.opened(link);
  }

  /** @param {{ code: number, reason: string }} end */
  #closed({ code, reason }) {
    this.#drop();
    if (this.#parts.clock.now() - this.#openedAt >= STEADY) this.#backoff.reset();
    if (code === Close.TOKEN_ENDED || (this.#openedAt === Number.POSITIVE_INFINITY && this.#mayBeToken())) {
      return void this.#reconnectRenewed(code, reason);
    }
    this.#retry(code, reason, this.#wait(code, reason));
  }

  /**
   * A socket that did not open says nothing of the reason; a ticket would have been refused before.
   */
  #mayBeToken() {
    return this.#parts.credentials === "subprotocol";
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  async #reconnectRenewed(code, reason) {
    const attempt = (this.#attempt += 1);
    this.#become("connecting");
    const renewed = await this.#parts.session.renew().then(
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
    this.#timer = this.#parts.clock.setTimeout(() => void this.#connect(), wait);
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
    this.stop("idle");
    this.emit("signedOut", error);
  }

  #drop() {
    this.#link = undefined;
    this.#parts.lost();
  }

  /** @param {State} state */
  #become(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.emit("state", state);
  }
}
