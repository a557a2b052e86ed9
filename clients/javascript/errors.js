/**
 * Why something did not happen.
 *
 * From the server: `bad_request`, `unauthenticated`, `forbidden`, `not_found`, `conflict`,
 * `too_large`, `rate_limited`, `unavailable`. From here: `disconnected` (the socket ended before
 * the answer came), `timed_out`, `queue_full`, `closed` (by you), `signed_out` (log in again),
 * `unreachable` (no answer to an HTTP request).
 *
 * @typedef {"bad_request" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "too_large" |
 *   "rate_limited" | "unavailable" | "disconnected" | "timed_out" | "queue_full" | "closed" |
 *   "signed_out" | "unreachable"} ErrorCode
 */

/** What every failure of this client is. */
export class IhsError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} detail
   * @param {{ retryAfter?: number, status?: number, body?: any, cause?: unknown }} [more]
   */
  constructor(code, detail, more = {}) {
    super(detail, { cause: more.cause });
    this.name = "IhsError";
    /** @type {ErrorCode} */
    this.code = code;
    /** Seconds after which it is worth trying again. */
    this.retryAfter = more.retryAfter;
    /** The status of an HTTP answer. */
    this.status = more.status;
    /** The body of an HTTP answer. */
    this.body = more.body;
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return PASSING.has(this.code);
  }
}

const PASSING = new Set(["rate_limited", "unavailable", "disconnected", "timed_out", "unreachable"]);

/** @type {Record<number, ErrorCode>} */
const BY_STATUS = {
  400: "bad_request",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  422: "conflict",
  429: "rate_limited",
};

/**
 * @param {number} status
 * @param {any} body
 * @param {string | null} retryAfter
 */
export function fromHttp(status, body, retryAfter) {
  const code = BY_STATUS[status] ?? (status >= 500 ? "unavailable" : "bad_request");
  const detail = body?.detail ?? body?.non_field_errors?.[0] ?? `HTTP ${status}`;
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return new IhsError(code, detail, {
    status,
    body,
    retryAfter: Number.isFinite(seconds) ? seconds : undefined,
  });
}

/** @param {import("./protocol.js").Frame} frame */
export function fromFrame(frame) {
  return new IhsError(frame.code, frame.detail, { retryAfter: frame.retry_after });
}
