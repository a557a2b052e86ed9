/**
 * What is to be sent, until the server has answered it: over disconnections, restarts and refusals
 * that pass. Each lane (a room) keeps its order: its next frame goes when the one before is answered.
 * Sending a frame again stores nothing twice where it carries a key; others have a guard.
 */
export class Outbox {
    /** @param {{ limit: number, clock: import("./backoff.js").Clock, random?: () => number }} parts */
    constructor({ limit, clock, random }: {
        limit: number;
        clock: import("./backoff.js").Clock;
        random?: () => number;
    });
    limit: number;
    /** How many frames wait. */
    get size(): number;
    /**
     * The frames that wait in a lane, oldest first.
     * @param {string} lane
     */
    waiting(lane: string): import("./protocol.js").Frame[];
    /**
     * Sends a frame as soon as it can be, and waits for its answer.
     * @param {string} lane
     * @param {import("./protocol.js").Frame} frame
     * @param {Guard} [guard]
     * @returns {Promise<any>}
     */
    add(lane: string, frame: import("./protocol.js").Frame, guard?: Guard): Promise<any>;
    /** @param {import("./link.js").Link} link */
    attach(link: import("./link.js").Link): void;
    detach(): void;
    /**
     * Gives up what waits.
     * @param {(frame: import("./protocol.js").Frame) => boolean} which
     * @param {IhsError} error
     */
    drop(which: (frame: import("./protocol.js").Frame) => boolean, error: IhsError): void;
    #private;
}
export type Waiting = {
    frame: import("./protocol.js").Frame;
    resolve: (answer: any) => void;
    reject: (error: IhsError) => void;
    guard?: Guard | undefined;
    /**
     * an attempt was not answered: it may have been made
     *
     * What knows more of a frame than that it is to be sent. Each gives the answer where it knows it.
     */
    isInDoubt: boolean;
};
export type Guard = {
    /**
     * each attempt
     */
    before?: ((isInDoubt: boolean) => Promise<any>) | undefined;
    refused?: ((error: IhsError, isInDoubt: boolean) => Promise<any>) | undefined;
};
import { IhsError } from "./errors.js";
