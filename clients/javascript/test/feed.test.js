/** A room's feed ends, is refused or forgotten, and is taken up again unless the user is no member. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fake, joined, message, R } from "./support/fake.js";

const OTHER = "f".repeat(24);

const NOT_FOUND = { type: "error", code: "not_found", detail: "no such room" };

const row = (room, seq, more = {}) => ({ room, name: "ward", kind: "group", seq, unread: 0, newest: [], ...more });

const texts = (room) => room.messages.map(({ text }) => text);

const joins = (world) => world.socket.of("join").map(({ room, after, last }) => [room, after, last]);

function told(room) {
  const seen = [];
  for (const name of ["left", "interrupted", "diverged", "gap"]) room.on(name, ({ reason }) => seen.push([name, reason]));
  return seen;
}

async function inRoom(options) {
  const world = fake(options);
  await world.open();
  world.room = world.client.follow(R);
  await world.socket.answer("join", joined(0));
  await world.socket.say(message(1), message(2));
  world.seen = told(world.room);
  return world;
}

/** Two rooms that are followed by a sync, and the first of which has entries up to 2. */
async function synced() {
  const world = fake();
  await world.open();
  const asked = world.client.sync();
  const rooms = [row(R, 1, { newest: [message(1)] }), row(OTHER, 0)];
  await world.socket.answer("sync", { type: "synced", rooms });
  world.room = (await asked).find(({ id }) => id === R);
  await world.socket.say(message(2));
  world.seen = told(world.room);
  return world;
}

/** Refuses each join, as long as there are any. */
async function refuse(world) {
  for (let last; last !== world.socket.of("join").length; ) {
    last = world.socket.of("join").length;
    await world.socket.answer("join", NOT_FOUND);
    await world.clock.pass(4_000);
  }
}

test("a room that a sync leaves out is resumed by itself", async () => {
  const world = await synced();
  await world.again();
  await world.socket.answer("sync", { type: "synced", rooms: [row(OTHER, 0)] });
  assert.deepEqual(joins(world), [[R, 2, "id2"]]);
  await world.socket.answer("join", joined(3));
  await world.socket.say(message(3));
  assert.deepEqual([texts(world.room), world.seen], [["text 1", "text 2", "text 3"], []]);
});

test("a room that was joined by itself is resumed when a sync leaves it out", async () => {
  const world = await inRoom();
  const asked = world.client.sync();
  assert.deepEqual(world.socket.of("sync")[0].rooms, { [R]: 2 });
  await world.socket.answer("sync", { type: "synced", rooms: [row(OTHER, 0)] });
  await asked;
  assert.deepEqual(joins(world).at(-1), [R, 2, "id2"]);
});

test("whoever was removed while away is told so after a sync", async () => {
  const world = await synced();
  await world.again();
  const waiting = world.room.send("too late").catch(({ code }) => code);
  await world.socket.answer("sync", { type: "synced", rooms: [row(OTHER, 0)] });
  await world.socket.answer("message", NOT_FOUND);
  await refuse(world);
  assert.deepEqual(world.seen, [["left", "removed"]]);
  assert.deepEqual(world.client.rooms.map(({ id }) => id), [OTHER]);
  assert.equal(await waiting, "not_found");
});

test("a room whose log was set back follows a sync from its first entry", async () => {
  const world = await synced();
  await world.again();
  await world.socket.answer("sync", { type: "synced", rooms: [row(R, 1, { diverged: true }), row(OTHER, 0)] });
  await world.socket.say(message(1, "another"), message(2, "one more"));
  assert.deepEqual([texts(world.room), world.seen], [["another", "one more"], [["diverged", undefined]]]);
});

test("a sync that tells an older head than what came meanwhile takes nothing away", async () => {
  const world = await synced();
  const asked = world.client.sync();
  await world.socket.say(message(3));
  await world.socket.answer("sync", { type: "synced", rooms: [row(R, 2), row(OTHER, 0)] });
  await asked;
  await world.socket.say(message(3), message(4));
  assert.deepEqual(texts(world.room), ["text 1", "text 2", "text 3", "text 4"]);
  assert.deepEqual(world.seen, []);
});

test("a room that was joined while a sync was under way is resumed, as the sync knew nothing of it", async () => {
  const world = fake();
  await world.open();
  const asked = world.client.sync();
  const room = world.client.follow(R);
  await world.socket.answer("join", joined(0));
  await world.socket.say(message(1));
  await world.socket.answer("sync", { type: "synced", rooms: [row(R, 2)] });
  await asked;
  assert.deepEqual(joins(world).at(-1), [R, 1, "id1"]);
  await world.socket.answer("join", joined(2));
  await world.socket.say(message(2));
  assert.deepEqual(texts(room), ["text 1", "text 2"]);
});

test("a sync that cannot be served is asked for again until it is", async () => {
  const world = await synced();
  await world.again();
  await world.socket.answer("sync", { type: "error", code: "unavailable", detail: "away", retry_after: 3 });
  await world.clock.pass(2_999);
  assert.equal(world.socket.of("sync").length, 1);
  await world.clock.pass(1);
  assert.deepEqual(world.socket.of("sync")[1].rooms, { [R]: 2, [OTHER]: 0 });
});

test("a sync that is refused leaves each room to be resumed by itself", async () => {
  const world = await synced();
  await world.again();
  await world.socket.answer("sync", { type: "error", code: "too_large", detail: "too many rooms" });
  assert.deepEqual(joins(world), [[R, 2, "id2"], [OTHER, 0, undefined]]);
});

test("a gap that a lost connection left open is closed by a sync", async () => {
  const world = await synced();
  await world.socket.say(message(4));
  await world.again();
  await world.socket.answer("sync", { type: "synced", rooms: [row(R, 4), row(OTHER, 0)] });
  await world.socket.say(message(3), message(4));
  assert.deepEqual(texts(world.room), ["text 1", "text 2", "text 3", "text 4"]);
});

for (const reason of ["unavailable", "restored", "what nobody has thought of"]) {
  test(`a feed that ends as ${reason} is taken up again, and sends go on`, async () => {
    const world = await inRoom();
    const sent = world.room.send("hi");
    await world.socket.say({ type: "left", room: R, reason });
    assert.deepEqual([world.seen, world.client.rooms], [[["interrupted", reason]], [world.room]]);
    await world.clock.pass(500);
    assert.deepEqual(joins(world).at(-1), [R, 2, "id2"]);
    await world.socket.answer("join", joined(3));
    await world.socket.say(message(3));
    await world.socket.answer("message", { type: "ack", room: R, seq: 3, id: "id3", time: "" });
    assert.deepEqual([(await sent).seq, texts(world.room)], [3, ["text 1", "text 2", "text 3"]]);
  });
}

test("a feed that ends again and again is taken up later and later, until one lasts", async () => {
  const world = await inRoom();
  const waits = [];
  const interrupt = async () => {
    const [asked, from] = [joins(world).length, world.clock.now()];
    await world.socket.say({ type: "left", room: R, reason: "unavailable" });
    while (joins(world).length === asked) await world.clock.pass(100);
    waits.push(world.clock.now() - from);
    await world.socket.answer("join", joined(2));
  };
  for (let round = 0; round < 4; round += 1) await interrupt();
  await world.clock.pass(5_000);
  await interrupt();
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 500]);
});

test("a feed that ended is taken up once, by the next connection if that comes first", async () => {
  const world = await inRoom();
  await world.socket.say({ type: "left", room: R, reason: "unavailable" });
  await world.socket.say({ type: "left", room: R, reason: "unavailable" });
  await world.again();
  await world.socket.answer("join", joined(2));
  await world.clock.pass(10_000);
  assert.equal(joins(world).length, 1);
});

test("a room that is not found at first is joined, and what is sent to it waits for that", async () => {
  const world = fake();
  await world.open();
  const asked = world.client.join(R);
  const sent = world.client.follow(R).send("hi");
  await world.socket.answer("message", NOT_FOUND);
  await world.socket.answer("join", NOT_FOUND);
  await world.clock.pass(500);
  await world.socket.answer("join", NOT_FOUND);
  await world.clock.pass(1_000);
  await world.socket.answer("join", joined(0));
  assert.equal((await asked).id, R);
  await world.socket.answer("message", { type: "ack", room: R, seq: 1, id: "id1", time: "" });
  assert.equal((await sent).seq, 1);
});

test("a room that is never found is given up after some attempts", async () => {
  const world = fake();
  await world.open();
  const asked = world.client.join(R).catch(({ code }) => code);
  const seen = told(world.client.follow(R));
  await refuse(world);
  assert.deepEqual([await asked, joins(world).length, seen], ["not_found", 5, [["left", "not_found"]]]);
});

test("a room that is left is not joined again, whatever was under way", async () => {
  const world = await inRoom();
  await world.socket.say({ type: "left", room: R, reason: "unavailable" });
  const left = world.room.leave();
  await world.socket.answer("leave", { type: "ok" });
  await left;
  await world.clock.pass(10_000);
  assert.equal(joins(world).length, 1);
});

test("a join that finds the login ended is made again on another connection", async () => {
  const world = await inRoom();
  await world.again();
  await world.socket.answer("join", { type: "error", code: "unauthenticated", detail: "the token has ended" });
  await world.clock.pass(1_000);
  await world.socket.open();
  assert.deepEqual([world.sockets.length, joins(world), world.seen], [3, [[R, 2, "id2"]], []]);
});

test("more rooms than a frame holds are resumed all the same", async () => {
  const world = fake();
  await world.open();
  const id = (number) => number.toString(16).padStart(24, "0");
  for (let number = 0; number < 1_002; number += 1) world.client.follow(id(number), { after: 5 });
  void world.client.sync().catch(() => {});
  await world.again();
  const [{ rooms }] = world.socket.of("sync");
  assert.equal(Object.keys(rooms).length, 1_000);
  const rows = Object.keys(rooms).map((room) => row(room, 5));
  await world.socket.answer("sync", { type: "synced", rooms: [...rows, row(id(1_000), 7)] });
  assert.deepEqual(joins(world).map(([room, after]) => [room, after]), [[id(1_000), 5], [id(1_001), 5]]);
});
