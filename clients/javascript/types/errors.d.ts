/**
 * @param {number} status
 * @param {any} body
 * @param {string | null} retryAfter
 */
export function fromHttp(status: number, body: any, retryAfter: string | null): IhsError;
/** @param {import("./protocol.js").Frame} frame */
export function fromFrame(frame: import("./protocol.js").Frame): IhsError;
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
    constructor(code: ErrorCode, detail: string, more?: {
        retryAfter?: number;
        status?: number;
        body?: any;
        cause?: unknown;
    });
    /** @type {ErrorCode} */
    code: ErrorCode;
    /** Seconds after which it is worth trying again. */
    retryAfter: number | undefined;
    /** The status of an HTTP answer. */
    status: number | undefined;
    /** The body of an HTTP answer. */
    body: any;
    /** Whether the same request may succeed later. */
    get passes(): boolean;
}
/**
 * Why something did not happen.
 *
 * From the server: `bad_request`, `unauthenticated`, `forbidden`, `not_found`, `conflict`,
 * `too_large`, `rate_limited`, `unavailable`. From here: `disconnected` (the socket ended before
 * the answer came), `timed_out`, `queue_full`, `closed` (by you), `signed_out` (log in again),
 * `unreachable` (no answer to an HTTP request).
 */
export type ErrorCode = "bad_request" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "too_large" | "rate_limited" | "unavailable" | "disconnected" | "timed_out" | "queue_full" | "closed" | "signed_out" | "unreachable";
