import { IhsError } from "./errors.js";

/** Entries that are looked through at once. */
const PAGE = 200;

/** How long a look may take. */
const LOOK_WAIT = 20_000;

/**
 * @typedef {import("./protocol.js").Entry} Entry
 *
 * @typedef {object} Log
 * @property {() => Promise<number>} head the last entry that is known of, once there is one
 * @property {() => boolean} isJoining the feed is not live, and will be
 * @property {() => string | undefined} me
 * @property {(path: string) => Promise<any>} request
 * @property {import("./backoff.js").Clock} clock
 */

/**
 * What is to be known of a frame for a room, besides that it is to be sent.
 * @param {import("./protocol.js").Frame} frame
 * @param {Log} log
 * @returns {import("./outbox.js").Guard}
 */
export function guard(frame, log) {
  const amendment = frame.type === "message" ? undefined : new Amendment(frame, log);
  return {
    before: amendment && ((isInDoubt) => amendment.before(isInDoubt)),
    refused: async (error, isInDoubt) => {
      // By a node that may not know the room yet: what comes of joining it decides.
      if (error.code === "not_found" && log.isJoining()) {
        throw new IhsError("unavailable", error.message, { cause: error });
      }
      return amendment?.refused(error, isInDoubt);
    },
  };
}

/**
 * An edit or a deletion. It has no key by which the server could know it again, so when an answer was
 * lost, the log is looked at: an edit that stands there is not made again, and a deletion that the
 * server refuses the second time has succeeded the first. An attempt that is still under way
 * somewhere is not in the log yet, so that an edit may stand there twice all the same.
 */
class Amendment {
  #frame;
  #log;
  /** The room's last entry before the first attempt. @type {number | undefined} */
  #since;

  /**
   * @param {import("./protocol.js").Frame} frame
   * @param {Log} log
   */
  constructor(frame, log) {
    this.#frame = frame;
    this.#log = log;
  }

  /** @param {boolean} isInDoubt */
  async before(isInDoubt) {
    this.#since ??= Math.max(this.#frame.seq, await this.#log.head());
    return isInDoubt && this.#frame.type === "edit" ? this.#find() : undefined;
  }

  /**
   * @param {IhsError} error
   * @param {boolean} isInDoubt
   */
  async refused({ code }, isInDoubt) {
    const mayBeDone = isInDoubt && this.#frame.type === "delete" && code === "not_found";
    return mayBeDone ? this.#find() : undefined;
  }

  /** The entry that it became, if it did. */
  async #find() {
    for (let after = this.#since ?? 0; ; ) {
      const { results, more } = await this.#page(after);
      const found = results.find((/** @type {Entry} */ entry) => this.#made(entry));
      const last = results.at(-1);
      if (found || !more || !last) return found;
      after = last.seq;
    }
  }

  /** @param {Entry} entry */
  #made({ type, target, sender, text }) {
    const { type: kind, seq, text: wanted } = this.#frame;
    if (target !== seq || sender !== this.#log.me()) return false;
    return kind === "delete" ? type === "deleted" : type === "edited" && text === wanted;
  }

  /** @param {number} after */
  async #page(after) {
    const { clock, request } = this.#log;
    const path = `/api/rooms/${this.#frame.room}/messages/?after=${after}&limit=${PAGE}`;
    let timer;
    const late = new Promise((_, reject) => {
      timer = clock.setTimeout(() => reject(new IhsError("unreachable", "no answer came")), LOOK_WAIT);
    });
    try {
      return await Promise.race([request(path), /** @type {Promise<never>} */ (late)]);
    } catch (error) {
      if (/** @type {IhsError} */ (error).passes) throw error;
      // Who may not look is told why when the frame is sent.
      return { results: [], more: false };
    } finally {
      clock.clearTimeout(timer);
    }
  }
}
