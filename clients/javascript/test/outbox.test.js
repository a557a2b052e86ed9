import assert from "node:assert/strict";
import { test } from "node:test";

import { fake, joined, R, settle } from "./support/fake.js";

const ack = (seq) => ({ type: "ack", room: R, seq, id: `id${seq}`, time: "2026-01-01T00:00:00.000Z" });

async function inRoom(options) {
  const world = fake(options);
  await world.open();
  world.room = world.client.follow(R);
  await world.socket.answer("join", joined(0));
  return world;
}

test("a send resolves with its ack", async () => {
  const { socket, room } = await inRoom();
  const sent = room.send("hi");
  assert.deepEqual(room.pending.map(({ text }) => text), ["hi"]);
  await socket.answer("message", ack(1));
  assert.equal((await sent).seq, 1);
  assert.deepEqual(room.pending, []);
});

test("a send without an answer is made again with its key", async () => {
  const world = await inRoom();
  const sent = world.room.send("hi");
  await settle();
  const [first] = world.socket.of("message");
  await world.again();
  const [second] = world.socket.of("message");
  assert.equal(second.key, first.key);
  await world.socket.answer("message", ack(1));
  assert.equal((await sent).seq, 1);
});

test("what is sent without a connection goes out in order when there is one", async () => {
  const world = fake();
  const room = world.client.follow(R);
  const sent = [room.send("a"), room.send("b"), room.send("c")];
  await world.open();
  for (let seq = 1; seq <= 3; seq += 1) await world.socket.answer("message", ack(seq));
  assert.deepEqual((await Promise.all(sent)).map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual(world.socket.of("message").map(({ text }) => text), ["a", "b", "c"]);
});

test("a send that is too fast is made again when the server says, and before those behind it", async () => {
  const world = await inRoom();
  const sent = [world.room.send("a"), world.room.send("b")];
  await settle();
  await world.socket.answer("message", { type: "error", code: "rate_limited", detail: "too fast", retry_after: 3 });
  await world.clock.pass(2_999);
  assert.equal(world.socket.of("message").length, 1);
  await world.clock.pass(1);
  assert.deepEqual(world.socket.of("message").map(({ text }) => text), ["a", "a"]);
  await world.socket.answer("message", ack(1));
  await world.socket.answer("message", ack(2));
  assert.deepEqual((await Promise.all(sent)).map(({ seq }) => seq), [1, 2]);
});

test("a send that is refused fails, and those behind it go on", async () => {
  const world = await inRoom();
  const refused = world.room.send(" ").catch(({ code }) => code);
  const fine = world.room.send("b");
  await settle();
  await world.socket.answer("message", { type: "error", code: "bad_request", detail: "text may not be blank" });
  await world.socket.answer("message", ack(1));
  assert.deepEqual([await refused, (await fine).seq], ["bad_request", 1]);
});

test("one room does not wait for another", async () => {
  const world = await inRoom();
  const other = world.client.follow("f".repeat(24));
  void world.room.send("a");
  void other.send("b");
  await settle();
  assert.deepEqual(world.socket.of("message").map(({ text }) => text), ["a", "b"]);
});

test("the queue has a bound, and so has a frame", async () => {
  const world = fake({ queueLimit: 2 });
  const room = world.client.follow(R);
  void room.send("a");
  assert.equal(await room.send("x".repeat(70_000)).catch(({ code }) => code), "too_large");
  void room.send("b");
  assert.equal(await room.send("c").catch(({ code }) => code), "queue_full");
  assert.equal(world.client.queued, 2);
});

test("a send whose answer never comes is made again on a new connection", async () => {
  const world = await inRoom();
  const sent = world.room.send("hi");
  for (let second = 0; second < 20; second += 1) {
    await world.clock.pass(1_000);
    if (world.sockets.length === 1) await world.socket.say({ type: "pong" });
  }
  await world.clock.pass(500);
  await world.socket.open();
  await world.socket.answer("message", ack(1));
  assert.deepEqual([(await sent).seq, world.sockets.length], [1, 2]);
});

test("a notification is sent once, whatever happens to the connection", async () => {
  const world = await inRoom();
  const notified = world.client.notify("bob", { title: "Result", text: "is there" });
  await settle();
  const { key } = world.socket.of("notify")[0];
  await world.again();
  const [second] = world.socket.of("notify");
  assert.deepEqual([second.key, second.user, second.title], [key, "bob", "Result"]);
  await world.socket.answer("notify", { type: "notified", id: "n1" });
  assert.equal(await notified, "n1");
});
