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
    /** @param {LinkParts} parts */
    constructor(parts: LinkParts);
    get isOpen(): boolean;
    /**
     * Sends a frame that is not answered.
     * @param {Frame} frame
     */
    tell(frame: Frame): void;
    /**
     * Sends a frame, and waits for its answer.
     * @param {Frame} frame
     * @returns {Promise<any>}
     */
    ask(frame: Frame): Promise<any>;
    /**
     * Ends the socket now, whatever the other side does.
     * @param {number} [code]
     */
    drop(code?: number): void;
    #private;
}
export type Frame = import("./protocol.js").Frame;
export type LinkParts = {
    WebSocket: typeof WebSocket;
    url: string;
    protocols: string[];
    clock: import("./backoff.js").Clock;
    /**
     * after so many milliseconds without a frame, one is asked for
     */
    heartbeat: number;
    opened: (link: Link) => void;
    /**
     * an answer comes with what it answers
     */
    heard: (frame: Frame, request?: Frame) => void;
    closed: (end: {
        code: number;
        reason: string;
    }) => void;
};
