/** A server that does what the test says, and a clock that stands still: no network, no waiting. */

import { Client } from "../../ihs.js";

export class FakeClock {
  time = 0;
  #timers = new Map();
  #ids = 0;

  now = () => this.time;

  setTimeout = (run, milliseconds) => {
    this.#timers.set((this.#ids += 1), { run, at: this.time + milliseconds });
    return this.#ids;
  };

  clearTimeout = (id) => this.#timers.delete(id);

  /** Lets time pass, with all that happens in it. */
  async pass(milliseconds) {
    const end = this.time + milliseconds;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, one], [, other]) => one.at - other.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].run();
    }
    this.time = end;
  }
}

/** Lets everything that does not wait for time happen. */
export async function settle() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeSocket {
  readyState = 0;
  sent = [];

  constructor(url, protocols) {
    Object.assign(this, { url, protocols });
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 2;
  }

  open() {
    this.readyState = 1;
    this.onopen();
    return settle();
  }

  say(...frames) {
    for (const frame of frames) this.onmessage({ data: JSON.stringify(frame) });
    return settle();
  }

  end(code, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
    return settle();
  }

  of(type) {
    return this.sent.filter((frame) => frame.type === type);
  }

  /** Answers the last frame of a type. */
  answer(type, frame) {
    return this.say({ ...frame, ref: this.of(type).at(-1).ref });
  }
}

/** A client named ada, its clock, and the sockets that it opens. */
export function fake(options = {}) {
  const clock = new FakeClock();
  const sockets = [];
  const requests = [];
  const world = { clock, sockets, requests, answers: {} };
  class Opened extends FakeSocket {
    constructor(...parts) {
      super(...parts);
      sockets.push(this);
    }
  }
  const fetch = async (url, { body, headers }) => {
    const { pathname: path, searchParams } = new URL(url);
    requests.push({ path, query: Object.fromEntries(searchParams), headers, body: body && JSON.parse(body) });
    const { status = 200, after = null, ...answer } = world.answers[path]?.(requests.at(-1).query) ?? standard(path, requests.length);
    if (status === 0) throw new TypeError("fetch failed");
    return { ok: status < 400, status, headers: new Headers(after ? { "retry-after": after } : {}), json: async () => answer };
  };
  world.client = new Client({ url: "http://server", WebSocket: Opened, fetch, clock, random: () => 1, ...options });
  Object.defineProperty(world, "socket", { get: () => sockets.at(-1) });
  /** The connection is lost, and another one made. */
  world.again = async () => {
    const { length } = sockets;
    await world.socket.end(1006);
    while (sockets.length === length) await clock.pass(500);
    return world.socket.open();
  };
  world.open = async () => {
    world.client.use({ username: "ada", token: "t1", refresh: "r1", expires_in: 600 });
    await settle();
    await world.socket.open();
    return world.socket;
  };
  return world;
}

function standard(path, number) {
  if (path === "/api/ws-ticket/") return { ticket: `ticket${number}`, expires_in: 30 };
  if (path === "/api/token/refresh/") return { token: `token${number}`, refresh: `refresh${number}`, expires_in: 600 };
  return { status: 404, detail: "not found" };
}

export const R = "0123456789abcdef01234567";

export const joined = (seq, more = {}) => ({ type: "joined", room: R, seq, unread: 0, online: [], read: {}, ...more });

export const message = (seq, text = `text ${seq}`, sender = "bob") => ({
  type: "message",
  room: R,
  seq,
  id: `id${seq}`,
  time: "2026-01-01T00:00:00.000Z",
  sender,
  text,
});
