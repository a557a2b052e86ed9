import { Backoff, sleep } from "./backoff.js";
import { IhsError } from "./errors.js";
import { FRAME_BYTES } from "./protocol.js";

/**
 * @typedef {object} Waiting
 * @property {import("./protocol.js").Frame} frame
 * @property {(answer: any) => void} resolve
 * @property {(error: IhsError) => void} reject
 * @property {Guard} [guard]
 * @property {boolean} isInDoubt an attempt was not answered: it may have been made
 *
 * What knows more of a frame than that it is to be sent. Each gives the answer where it knows it.
 * @typedef {object} Guard
 * @property {(isInDoubt: boolean) => Promise<any>} [before] each attempt
 * @property {(error: IhsError, isInDoubt: boolean) => Promise<any>} [refused]
 */

const PASSING = new Set(["rate_limited", "unavailable", "unreachable"]);

/** After these it is not known whether the frame had its effect. */
const IN_DOUBT = new Set(["disconnected", "timed_out", "unavailable"]);

/**
 * What is to be sent, until the server has answered it: over disconnections, restarts and refusals
 * that pass. Each lane (a room) keeps its order: its next frame goes when the one before is answered.
 * Sending a frame again stores nothing twice where it carries a key; others have a guard.
 */
export class Outbox {
  /** @type {Map<string, Waiting[]>} */
  #lanes = new Map();
  /** @type {import("./link.js").Link | undefined} */
  #link;
  /** @type {Set<string>} */
  #busy = new Set();
  #size = 0;
  #clock;
  #random;

  /** @param {{ limit: number, clock: import("./backoff.js").Clock, random?: () => number }} parts */
  constructor({ limit, clock, random }) {
    this.limit = limit;
    this.#clock = clock;
    this.#random = random;
  }

  /** How many frames wait. */
  get size() {
    return this.#size;
  }

  /**
   * The frames that wait in a lane, oldest first.
   * @param {string} lane
   */
  waiting(lane) {
    return (this.#lanes.get(lane) ?? []).map(({ frame }) => frame);
  }

  /**
   * Sends a frame as soon as it can be, and waits for its answer.
   * @param {string} lane
   * @param {import("./protocol.js").Frame} frame
   * @param {Guard} [guard]
   * @returns {Promise<any>}
   */
  add(lane, frame, guard) {
    return new Promise((resolve, reject) => {
      if (this.#size >= this.limit) {
        return reject(new IhsError("queue_full", `${this.limit} sends wait already`));
      }
      // A frame over the limit would end each socket that it is sent on.
      if (new TextEncoder().encode(JSON.stringify(frame)).length > FRAME_BYTES - 32) {
        return reject(new IhsError("too_large", "the frame is too large"));
      }
      const queue = this.#lanes.get(lane) ?? [];
      this.#lanes.set(lane, queue);
      queue.push({ frame, resolve, reject, guard, isInDoubt: false });
      this.#size += 1;
      void this.#run(lane);
    });
  }

  /** @param {import("./link.js").Link} link */
  attach(link) {
    this.#link = link;
    for (const lane of this.#lanes.keys()) void this.#run(lane);
  }

  detach() {
    this.#link = undefined;
  }

  /**
   * Gives up what waits.
   * @param {(frame: import("./protocol.js").Frame) => boolean} which
   * @param {IhsError} error
   */
  drop(which, error) {
    for (const [lane, queue] of this.#lanes) {
      for (const waiting of queue.filter(({ frame }) => which(frame))) this.#settle(lane, waiting).reject(error);
    }
  }

  /** @param {string} lane */
  async #run(lane) {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    const backoff = new Backoff({ random: this.#random });
    for (let next; (next = this.#lanes.get(lane)?.[0]) && this.#link; ) {
      const link = this.#link;
      try {
        const known = next.guard?.before && (await next.guard.before(next.isInDoubt));
        // Given up, or to go over another connection, meanwhile.
        if (!known && (this.#link !== link || this.#lanes.get(lane)?.[0] !== next)) continue;
        const answer = known ?? (await this.#ask(link, next));
        this.#settle(lane, next).resolve(answer);
        backoff.reset();
      } catch (cause) {
        const error = /** @type {IhsError} */ (cause);
        next.isInDoubt ||= IN_DOUBT.has(error.code);
        if (PASSING.has(error.code)) {
          await sleep(this.#clock, Math.max(backoff.next(), (error.retryAfter ?? 0) * 1_000));
        } else if (error.code === "timed_out" || error.code === "unauthenticated") {
          // Whether it was stored is not known, or not to be known here: ask again on a new socket.
          link.drop();
        } else if (error.code !== "disconnected") {
          this.#settle(lane, next).reject(error);
        }
        if (error.code === "disconnected" && this.#link === link) break;
      }
    }
    this.#busy.delete(lane);
  }

  /**
   * @param {import("./link.js").Link} link
   * @param {Waiting} waiting
   */
  async #ask(link, { frame, guard, isInDoubt }) {
    try {
      return await link.ask(frame);
    } catch (error) {
      const known = guard?.refused && (await guard.refused(/** @type {IhsError} */ (error), isInDoubt));
      if (known) return known;
      throw error;
    }
  }

  /**
   * @param {string} lane
   * @param {Waiting} waiting
   */
  #settle(lane, waiting) {
    const queue = this.#lanes.get(lane) ?? [];
    const place = queue.indexOf(waiting);
    if (place >= 0) {
      queue.splice(place, 1);
      this.#size -= 1;
    }
    if (queue.length === 0) this.#lanes.delete(lane);
    return waiting;
  }
}
