/** Whatever the connection does, the client shows the log, and the log has each send and each edit once. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { View } from "../view.js";
import { fake, joined, message, R, settle } from "./support/fake.js";

/** A log, and a connection to it that loses, repeats and breaks off. */
class Server {
  log = [];
  acks = new Map();
  #answered = new Map();

  constructor(world, random) {
    Object.assign(this, { world, random });
    world.answers[`/api/rooms/${R}/messages/`] = ({ after }) =>
      this.random() < 0.2 ? { status: 503 } : { results: this.log.slice(Number(after)), more: false };
  }

  append(entry) {
    this.log.push({ ...message(this.log.length + 1), ...entry, sender: entry.sender ?? "bob" });
    return this.log.at(-1);
  }

  /** Does something with the newest socket. */
  async step() {
    const { socket } = this.world;
    const chance = this.random();
    if (socket.readyState === 0) return socket.open();
    if (socket.readyState !== 1) return this.world.clock.pass(1_000);
    if (chance < 0.05) return socket.end(1006);
    if (chance < 0.08) return this.#interrupt(socket);
    if (chance < 0.3) return this.#deliver(socket, this.append(this.#another()));
    const done = this.#answered.get(socket) ?? 0;
    const frame = socket.sent[done];
    if (!frame) return this.world.clock.pass(200);
    this.#answered.set(socket, done + 1);
    await this.#answer(socket, frame, chance);
  }

  #interrupt(socket) {
    if (!socket.fed) return settle();
    socket.fed = false;
    return socket.say({ type: "left", room: R, reason: "unavailable" });
  }

  #another() {
    const target = 1 + Math.floor(this.random() * this.log.length);
    const kind = this.random();
    if (kind < 0.6 || this.log[target - 1]?.type !== "message") return { type: "message" };
    if (kind < 0.9) return { type: "edited", target, text: `edit ${this.log.length}` };
    return { type: "deleted", target };
  }

  async #answer(socket, frame, chance) {
    if (frame.type === "join") {
      if (chance > 0.95) return socket.say({ type: "error", ref: frame.ref, code: "not_found", detail: "no such room" });
      if (chance > 0.9) return socket.say({ type: "error", ref: frame.ref, code: "unavailable", detail: "away" });
      const after = frame.after ?? 0;
      socket.fed = true;
      return socket.say({ ...joined(this.log.length), ref: frame.ref }, ...this.log.slice(after));
    }
    if (frame.type === "sync") {
      socket.fed = chance < 0.8;
      const row = { room: R, seq: this.log.length, unread: 0, newest: [] };
      const rooms = socket.fed ? [row] : [];
      const missed = socket.fed ? this.log.slice(frame.rooms[R] ?? this.log.length) : [];
      return socket.say({ type: "synced", rooms, ref: frame.ref }, ...missed);
    }
    if (frame.type !== "message" && frame.type !== "edit") return;
    if (chance > 0.9) return socket.say({ type: "error", ref: frame.ref, code: "unavailable", detail: "away", retry_after: 1 });
    const isNew = frame.type === "edit" || !this.acks.has(frame.key);
    if (isNew) this.acks.set(frame.key, this.append(own(frame)).seq);
    // Stored, and the client does not hear of it.
    if (chance < 0.4) return socket.end(1006);
    const seq = this.acks.get(frame.key);
    if (isNew) await this.#deliver(socket, this.log[seq - 1]);
    return socket.say({ type: "ack", ref: frame.ref, room: R, seq, id: `id${seq}`, time: "" });
  }

  #deliver(socket, entry) {
    if (!socket.fed) return settle();
    const chance = this.random();
    if (chance < 0.1) return settle();
    return chance < 0.2 ? socket.say(entry, entry) : socket.say(entry);
  }
}

function own({ type, seq, text }) {
  return { sender: "ada", text, ...(type === "edit" && { type: "edited", target: seq }) };
}

function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function play(seed, begin) {
  const world = fake();
  const server = new Server(world, seeded(seed));
  await world.open();
  const room = world.client.follow(R, { after: 0 });
  begin(world.client);
  const seqs = [];
  for (let turn = 0; turn < 60; turn += 1) {
    // The same edit again and again, with another one between.
    const make = (number) => (number % 3 === 2 ? room.edit(1, `edit ${number % 2}`) : room.send(`send ${number}`));
    if (turn % 4 === 0) void make(turn / 4).then(({ seq }) => seqs.push(seq));
    await server.step();
  }
  server.random = () => 0.85;
  for (let turn = 0; turn < 200 && !(seqs.length === 15 && room.position.after === server.log.length); turn += 1) {
    await server.step();
    // An entry that was lost is missed when another one comes.
    if (seqs.length === 15 && turn % 10 === 9) await world.socket.say(server.append({ type: "message" }));
  }
  const view = new View();
  for (const entry of server.log) view.apply(entry);
  assert.deepEqual(room.messages, view.messages);
  const made = server.log.filter(({ sender }) => sender === "ada");
  const wanted = Array.from({ length: 15 }, (_, number) => (number % 3 === 2 ? `edit ${number % 2}` : `send ${number}`));
  assert.deepEqual(made.map(({ text }) => text), wanted);
  assert.deepEqual(seqs, made.map(({ seq }) => seq));
}

async function playAll(begin) {
  for (let seed = 1; seed <= 100; seed += 1) {
    await play(seed, begin).catch((error) => {
      throw new Error(`with seed ${seed}`, { cause: error });
    });
  }
}

test("a client shows the log, and makes each send and edit once, whatever the connection does", async () => {
  await playAll(() => {});
});

test("so does one that follows all rooms at once", async () => {
  await playAll((client) => void client.sync().catch(() => {}));
});
