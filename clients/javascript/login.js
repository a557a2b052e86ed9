import { Backoff } from "./backoff.js";
import { fromHttp, IhsError } from "./errors.js";
import { Emitter } from "./events.js";

/** An access token is renewed when a fifth of its life is left, but at most this long before its end. */
const RENEW_BEFORE = 60_000;

/**
 * @typedef {{ token: string, refresh?: string, expires_in?: number, user?: any, type?: string, detail?: any }} Tokens
 * @typedef {{ renewed: Tokens, ended: IhsError }} LoginEvents
 */

/**
 * Who we are: the tokens, their renewal, and requests in their name.
 * @extends {Emitter<LoginEvents>}
 */
export class Login extends Emitter {
  /** @type {Tokens | undefined} */
  #tokens;
  /** @type {Promise<void> | undefined} */
  #renewal;
  #timer;

  /** @param {{ url: string, fetch: typeof fetch, clock: import("./backoff.js").Clock, random?: () => number }} parts */
  constructor({ url, fetch, clock, random }) {
    super();
    this.url = url.replace(/\/+$/, "");
    this.fetch = fetch;
    this.clock = clock;
    this.backoff = new Backoff({ first: 1_000, random });
    this.#timer = /** @type {any} */ (undefined);
  }

  /** The access token, if there is one. */
  get token() {
    return this.#tokens?.token;
  }

  /**
   * @param {string} username
   * @param {string} password
   */
  async login(username, password) {
    const tokens = await this.#post("/api/token/", { username, password });
    this.use(tokens);
    return tokens;
  }

  /**
   * Takes tokens that were got elsewhere. Without `refresh`, they are good until they end.
   * @param {Tokens} tokens
   */
  use(tokens) {
    this.#tokens = tokens;
    this.backoff.reset();
    if (tokens.refresh && tokens.expires_in) {
      const life = tokens.expires_in * 1_000;
      this.#renewIn(life - Math.min(RENEW_BEFORE, life / 5));
    }
  }

  /** Gets new tokens; several who ask at once get the same ones. */
  renew() {
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  /** A ticket for one socket. */
  async ticket() {
    const { ticket } = await this.request("/api/ws-ticket/", { method: "POST", body: {} });
    return ticket;
  }

  /**
   * A REST request in this user's name. An access token that has ended is renewed once.
   * @param {string} path
   * @param {{ method?: string, body?: any, headers?: Record<string, string> }} [options]
   */
  async request(path, options = {}) {
    const token = this.token;
    try {
      return await this.#send(path, options);
    } catch (error) {
      if (!(error instanceof IhsError) || error.status !== 401 || !this.#tokens?.refresh) throw error;
      if (this.token === token) await this.renew();
      return this.#send(path, options);
    }
  }

  /** Ends the login at the server as far as it can be reached, and forgets the tokens. */
  async logout() {
    const told = this.#tokens && this.#send("/api/token/revoke/", { method: "POST", body: {} });
    this.forget();
    await told?.catch(() => {});
  }

  forget() {
    this.clock.clearTimeout(this.#timer);
    this.#tokens = undefined;
  }

  async #renew() {
    const refresh = this.#tokens?.refresh;
    if (!refresh) throw this.#end(new IhsError("signed_out", "there is no refresh token"));
    try {
      const tokens = await this.#post("/api/token/refresh/", { refresh });
      if (this.#tokens === undefined) throw new IhsError("closed", "logged out meanwhile");
      this.use({ ...this.#tokens, ...tokens });
      this.emit("renewed", tokens);
    } catch (error) {
      const refused = error instanceof IhsError && (error.status === 401 || error.status === 400);
      if (refused) throw this.#end(new IhsError("signed_out", error.message, { cause: error }));
      this.#renewIn(this.backoff.next());
      throw error;
    }
  }

  /** @param {IhsError} error */
  #end(error) {
    this.forget();
    this.emit("ended", error);
    return error;
  }

  /** @param {number} milliseconds */
  #renewIn(milliseconds) {
    this.clock.clearTimeout(this.#timer);
    // Whoever fails plans the next attempt, or has said that the login has ended.
    this.#timer = this.clock.setTimeout(() => void this.renew().catch(() => {}), milliseconds);
    this.#timer?.unref?.();
  }

  /**
   * @param {string} path
   * @param {any} body
   */
  #post(path, body) {
    return this.#send(path, { method: "POST", body, anonymous: true });
  }

  /**
   * @param {string} path
   * @param {{ method?: string, body?: any, headers?: Record<string, string>, anonymous?: boolean }} options
   */
  async #send(path, { method = "GET", body, headers = {}, anonymous = false }) {
    if (body !== undefined) headers = { "content-type": "application/json", ...headers };
    if (!anonymous && this.token) headers = { authorization: `Bearer ${this.token}`, ...headers };
    const fetch = this.fetch;
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) }).catch(
      (cause) => {
        throw new IhsError("unreachable", "the server cannot be reached", { cause });
      },
    );
    const answer = await response.json().catch(() => undefined);
    if (!response.ok) throw fromHttp(response.status, answer, response.headers.get("retry-after"));
    return answer;
  }
}
