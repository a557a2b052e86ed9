/** Whatever the connection does, the client shows the log, and the log has each send once. */

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
    if (chance < 0.3) return this.#deliver(socket, this.append(this.#another()));
    const done = this.#answered.get(socket) ?? 0;
    const frame = socket.sent[done];
    if (!frame) return this.world.clock.pass(200);
    this.#answered.set(socket, done + 1);
    await this.#answer(socket, frame, chance);
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
      const after = frame.after ?? 0;
      socket.fed = true;
      return socket.say({ ...joined(this.log.length), ref: frame.ref }, ...this.log.slice(after));
    }
    if (frame.type !== "message") return;
    if (chance > 0.9) return socket.say({ type: "error", ref: frame.ref, code: "unavailable", detail: "away", retry_after: 1 });
    const isNew = !this.acks.has(frame.key);
    if (isNew) this.acks.set(frame.key, this.append({ sender: "ada", text: frame.text }).seq);
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

function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function play(seed) {
  const world = fake();
  const server = new Server(world, seeded(seed));
  await world.open();
  const room = world.client.follow(R, { after: 0 });
  const seqs = [];
  for (let turn = 0; turn < 60; turn += 1) {
    if (turn % 4 === 0) void room.send(`send ${turn / 4}`).then(({ seq }) => seqs.push(seq));
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
  const own = server.log.filter(({ sender }) => sender === "ada");
  assert.deepEqual(own.map(({ text }) => text), Array.from({ length: 15 }, (_, number) => `send ${number}`));
  assert.deepEqual(seqs, own.map(({ seq }) => seq));
}

test("a client shows the log, and stores each send once, whatever the connection does", async () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    await play(seed).catch((error) => {
      throw new Error(`with seed ${seed}`, { cause: error });
    });
  }
});
