import assert from "node:assert/strict";
import { test } from "node:test";

import { fake, joined, message, R, settle } from "./support/fake.js";

async function inRoom(seq = 0, more = {}) {
  const world = fake();
  await world.open();
  world.room = world.client.follow(R);
  await world.socket.answer("join", joined(seq, more));
  return world;
}

const texts = (room) => room.messages.map(({ text }) => text);

test("a join brings history, and then what comes", async () => {
  const world = await inRoom(7, { unread: 2, online: ["bob"], read: { bob: 7 } });
  assert.deepEqual(world.socket.of("join"), [{ type: "join", room: R, history: 50, ref: 1 }]);
  await world.socket.say(message(6), message(7), message(8));
  const { room } = world;
  assert.deepEqual(texts(room), ["text 6", "text 7", "text 8"]);
  assert.equal(room.unread, 3, "two at the time of the join, and one since");
  assert.deepEqual([[...room.online], room.read.get("bob")], [["bob"], 7]);
});

test("edits and deletions change the messages that they mean", async () => {
  const { socket, room } = await inRoom();
  await socket.say(message(1), message(2));
  await socket.say({ ...message(3, "new"), type: "edited", target: 1 }, { ...message(4), type: "deleted", target: 2 });
  await socket.say({ ...message(5, "late"), type: "edited", target: 2 });
  assert.deepEqual(room.messages.map(({ text, edited, deleted }) => [text, edited, deleted]), [
    ["new", true, false],
    ["", false, true],
  ]);
  assert.equal(room.position.after, 5);
});

test("an entry that comes twice is taken in once", async () => {
  const { socket, room } = await inRoom();
  await socket.say(message(1), message(2), message(1), message(2), message(3));
  assert.deepEqual(texts(room), ["text 1", "text 2", "text 3"]);
});

test("a gap is filled before anything later is shown", async () => {
  const { socket, room } = await inRoom();
  const gaps = [];
  room.on("gap", (gap) => gaps.push(gap));
  await socket.say(message(1), message(3), message(4));
  assert.deepEqual(texts(room), ["text 1"]);
  assert.deepEqual(gaps, [{ position: 1, seq: 3 }]);
  const { after, last } = socket.of("join").at(-1);
  assert.deepEqual([after, last], [1, "id1"]);
  await socket.answer("join", joined(4));
  await socket.say(message(2), message(3), message(4), message(5));
  assert.deepEqual(texts(room), ["text 1", "text 2", "text 3", "text 4", "text 5"]);
});

test("a new connection takes up behind the last entry", async () => {
  const world = await inRoom();
  await world.socket.say(message(1), message(2));
  await world.socket.end(1006);
  await world.clock.pass(500);
  await world.socket.open();
  const { after, last } = world.socket.of("join")[0];
  assert.deepEqual([after, last], [2, "id2"]);
  await world.socket.answer("join", joined(3));
  await world.socket.say(message(3));
  assert.deepEqual(texts(world.room), ["text 1", "text 2", "text 3"]);
});

test("a log that was set back is shown anew", async () => {
  const world = await inRoom();
  await world.socket.say(message(1), message(2));
  await world.socket.end(1006);
  await world.clock.pass(500);
  await world.socket.open();
  let diverged = 0;
  world.room.on("diverged", () => (diverged += 1));
  await world.socket.answer("join", joined(1, { diverged: true }));
  await world.socket.say(message(1, "another"));
  assert.deepEqual([texts(world.room), diverged], [["another"], 1]);
});

test("history is put before what is there", async () => {
  const { socket, room } = await inRoom(9);
  await socket.say(message(9));
  const page = room.older(2);
  assert.deepEqual({ ...socket.of("history")[0], ref: 0 }, { type: "history", room: R, before: 9, limit: 2, ref: 0 });
  await socket.answer("history", { type: "history", room: R, messages: [message(5), { ...message(8, ""), deleted: true }], more: false });
  assert.deepEqual((await page).map(({ seq }) => seq), [5, 8]);
  assert.deepEqual(room.messages.map(({ seq, deleted }) => [seq, deleted]), [[5, false], [8, true], [9, false]]);
  assert.equal(room.hasOlder, false);
});

test("whoever is removed is told, and the room is not joined again", async () => {
  const world = await inRoom();
  const reasons = [];
  world.room.on("left", ({ reason }) => reasons.push(reason));
  const waiting = world.room.send("too late").catch(({ code }) => code);
  await world.socket.say({ type: "left", room: R, reason: "removed" });
  assert.equal(await waiting, "forbidden");
  await world.socket.end(1006);
  await world.clock.pass(500);
  await world.socket.open();
  assert.deepEqual([reasons, world.socket.of("join")], [["removed"], []]);
});

test("a room that is refused fails for whoever asked", async () => {
  const world = fake();
  await world.open();
  const asked = world.client.join(R).catch(({ code }) => code);
  await world.socket.answer("join", { type: "error", code: "forbidden", detail: "not yours" });
  assert.equal(await asked, "forbidden");
});

test("a join that cannot be served now is asked again when the server says", async () => {
  const world = fake();
  await world.open();
  const asked = world.client.join(R);
  await world.socket.answer("join", { type: "error", code: "unavailable", detail: "away", retry_after: 2 });
  await world.clock.pass(1_999);
  assert.equal(world.socket.of("join").length, 1);
  await world.clock.pass(1);
  await world.socket.answer("join", joined(0));
  assert.equal((await asked).id, R);
});

test("typing is told once in a while, reading until it is known", async () => {
  const world = await inRoom();
  await world.socket.say(message(1), message(2));
  world.room.typing();
  world.room.typing();
  await world.clock.pass(3_000);
  world.room.typing();
  assert.equal(world.socket.of("typing").length, 2);
  assert.equal(world.room.unread, 2);
  world.room.markRead();
  assert.deepEqual([world.socket.of("read")[0].seq, world.room.unread], [2, 0]);
  await world.socket.end(1006);
  await world.clock.pass(500);
  await world.socket.open();
  await world.socket.answer("join", joined(2));
  assert.equal(world.socket.of("read")[0].seq, 2, "it was not answered");
});

test("passing events are shown", async () => {
  const { socket, room } = await inRoom();
  const seen = [];
  for (const name of ["typing", "read", "presence"]) room.on(name, ({ user }) => seen.push([name, user]));
  await socket.say(
    { type: "typing", room: R, user: "bob" },
    { type: "read", room: R, user: "bob", seq: 4 },
    { type: "presence", room: R, user: "bob", online: true },
  );
  assert.deepEqual(seen, [["typing", "bob"], ["read", "bob"], ["presence", "bob"]]);
  assert.deepEqual([room.online.has("bob"), room.read.get("bob")], [true, 4]);
});

test("a sync follows all rooms, and a new connection resumes them in one request", async () => {
  const world = fake();
  await world.open();
  const synced = world.client.sync({ newest: 2 });
  await world.socket.answer("sync", {
    type: "synced",
    rooms: [{ room: R, name: "ward", kind: "group", seq: 9, unread: 1, newest: [message(7), message(9)] }],
  });
  const [room] = await synced;
  assert.deepEqual([room.name, room.unread, texts(room)], ["ward", 1, ["text 7", "text 9"]]);
  await world.socket.say(message(10));
  await world.socket.end(1006);
  room.markRead();
  await world.clock.pass(500);
  await world.socket.open();
  assert.deepEqual(world.socket.of("sync")[0].rooms, { [R]: 10 });
  assert.equal(world.socket.of("join").length, 0);
  await world.socket.answer("sync", { type: "synced", rooms: [{ room: R, seq: 12, unread: 2, newest: [message(12)] }] });
  assert.equal(world.socket.of("read")[0].seq, 10, "what was read meanwhile");
  await world.socket.say(message(11), message(12));
  assert.deepEqual(texts(room), ["text 7", "text 9", "text 10", "text 11", "text 12"]);
});

test("a room that is left is fed no more", async () => {
  const world = await inRoom();
  const left = world.room.leave();
  await world.socket.answer("leave", { type: "ok" });
  await left;
  await world.socket.say(message(1));
  await settle();
  assert.deepEqual([texts(world.room), world.client.rooms], [[], []]);
});
