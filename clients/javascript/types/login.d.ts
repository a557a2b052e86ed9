/**
 * @typedef {{ token: string, refresh?: string, expires_in?: number, user?: any, type?: string, detail?: any }} Tokens
 * @typedef {{ renewed: Tokens, ended: IhsError }} LoginEvents
 */
/**
 * Who we are: the tokens, their renewal, and requests in their name.
 * @extends {Emitter<LoginEvents>}
 */
export class Login extends Emitter<LoginEvents> {
    /** @param {{ url: string, fetch: typeof fetch, clock: import("./backoff.js").Clock, random?: () => number }} parts */
    constructor({ url, fetch, clock, random }: {
        url: string;
        fetch: typeof globalThis.fetch;
        clock: import("./backoff.js").Clock;
        random?: () => number;
    });
    url: string;
    fetch: typeof fetch;
    clock: import("./backoff.js").Clock;
    backoff: Backoff;
    /** The access token, if there is one. */
    get token(): string | undefined;
    /**
     * @param {string} username
     * @param {string} password
     */
    login(username: string, password: string): Promise<any>;
    /**
     * Takes tokens that were got elsewhere. Without `refresh`, they are good until they end.
     * @param {Tokens} tokens
     */
    use(tokens: Tokens): void;
    /** Gets new tokens; several who ask at once get the same ones. */
    renew(): Promise<void>;
    /** A ticket for one socket. */
    ticket(): Promise<any>;
    /**
     * A REST request in this user's name. An access token that has ended is renewed once.
     * @param {string} path
     * @param {{ method?: string, body?: any, headers?: Record<string, string> }} [options]
     */
    request(path: string, options?: {
        method?: string;
        body?: any;
        headers?: Record<string, string>;
    }): Promise<any>;
    /** Ends the login at the server as far as it can be reached, and forgets the tokens. */
    logout(): Promise<void>;
    forget(): void;
    #private;
}
export type Tokens = {
    token: string;
    refresh?: string;
    expires_in?: number;
    user?: any;
    type?: string;
    detail?: any;
};
export type LoginEvents = {
    renewed: Tokens;
    ended: IhsError;
};
import { Emitter } from "./events.js";
import { Backoff } from "./backoff.js";
import { IhsError } from "./errors.js";
