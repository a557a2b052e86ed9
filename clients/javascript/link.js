import { fromFrame, IhsError } from "./errors.js";

/** How long an answer may take. */
const ANSWER_WAIT = 20_000;

/**
 * @typedef {import("./protocol.js").Frame} Frame
 *
 * @typedef {object} LinkParts
 * @property {typeof WebSocket} WebSocket
 * @property {string} url
 * @property {string[]} protocols
 * @property {import("./backoff.js").Clock} clock
 * @property {number} heartbeat after so many milliseconds without a frame, one is asked for
 * @property {(link: Link) => void} opened
 * @property {(frame: Frame, request?: Frame) => void} heard an answer comes with what it answers
 * @property {(end: { code: number, reason: string }) => void} closed
 */

/**
 * One socket: requests and their answers, and a heartbeat, as browsers keep that of the WebSocket
 * protocol to themselves. When it has ended, another one is made.
 */
export class Link {
  #parts;
  #socket;
  /** @type {Map<string | number, { frame: Frame, resolve: (frame: any) => void, reject: (error: IhsError) => void, timer: any }>} */
  #waiting = new Map();
  #refs = 0;
  #heard;
  #beat;
  #ended = false;

  /** @param {LinkParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#heard = parts.clock.now();
    this.#beat = /** @type {any} */ (undefined);
    this.#socket = new parts.WebSocket(parts.url, parts.protocols);
    this.#socket.onopen = () => this.#open();
    this.#socket.onmessage = ({ data }) => this.#hear(data);
    this.#socket.onclose = ({ code, reason }) => this.#end(code, reason);
    // A close follows, which says more.
    this.#socket.onerror = () => {};
    this.#watch();
  }

  get isOpen() {
    return !this.#ended && this.#socket.readyState === 1;
  }

  /**
   * Sends a frame that is not answered.
   * @param {Frame} frame
   */
  tell(frame) {
    if (this.isOpen) this.#socket.send(JSON.stringify(frame));
  }

  /**
   * Sends a frame, and waits for its answer.
   * @param {Frame} frame
   * @returns {Promise<any>}
   */
  ask(frame) {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new IhsError("disconnected", "there is no connection"));
      const ref = (this.#refs += 1);
      const { clock } = this.#parts;
      const late = () => {
        this.#waiting.delete(ref);
        reject(new IhsError("timed_out", "no answer came"));
      };
      this.#waiting.set(ref, { frame, resolve, reject, timer: clock.setTimeout(late, ANSWER_WAIT) });
      this.#socket.send(JSON.stringify({ ...frame, ref }));
    });
  }

  /**
   * Ends the socket now, whatever the other side does.
   * @param {number} [code]
   */
  drop(code = 1006) {
    try {
      this.#socket.close(1000);
    } catch {
      // It was not open yet.
    }
    this.#end(code, "");
  }

  #open() {
    this.#heard = this.#parts.clock.now();
    if (!this.#ended) this.#parts.opened(this);
  }

  /** @param {unknown} data */
  #hear(data) {
    if (this.#ended) return;
    this.#heard = this.#parts.clock.now();
    const frame = JSON.parse(String(data));
    const asked = frame.ref !== undefined && this.#waiting.get(frame.ref);
    if (asked) {
      this.#waiting.delete(frame.ref);
      this.#parts.clock.clearTimeout(asked.timer);
      if (frame.type === "error") return asked.reject(fromFrame(frame));
    }
    // Before whoever asked hears of it: entries that follow in the same breath build on answers.
    this.#parts.heard(frame, asked ? asked.frame : undefined);
    if (asked) asked.resolve(frame);
  }

  #watch() {
    const { clock, heartbeat } = this.#parts;
    this.#beat = clock.setTimeout(() => {
      const silent = clock.now() - this.#heard;
      if (silent >= 2 * heartbeat) return this.drop();
      if (silent >= heartbeat) this.tell({ type: "ping" });
      this.#watch();
    }, heartbeat / 2);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #end(code, reason) {
    if (this.#ended) return;
    this.#ended = true;
    const { clock, closed } = this.#parts;
    clock.clearTimeout(this.#beat);
    for (const { reject, timer } of this.#waiting.values()) {
      clock.clearTimeout(timer);
      reject(new IhsError("disconnected", "the connection ended before the answer came"));
    }
    this.#waiting.clear();
    closed({ code, reason });
  }
}
