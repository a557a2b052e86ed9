/** Edits and deletions have no key: when an answer was lost, the log tells. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fake, joined, message, R, settle } from "./support/fake.js";

const LOG = `/api/rooms/${R}/messages/`;

const entry = (seq, more = {}) => ({ ...message(seq), type: "edited", sender: "ada", target: 1, text: "new", ...more });

const deletion = (seq, more = {}) => entry(seq, { type: "deleted", text: undefined, ...more });

const ack = (seq) => ({ type: "ack", room: R, seq, id: `id${seq}`, time: "" });

const NOT_FOUND = { type: "error", code: "not_found", detail: "no such message" };

/** In a room with a message by ada, where the log says what `log` holds. */
async function inRoom() {
  const world = fake();
  world.log = [message(1, "old", "ada")];
  world.answers[LOG] = ({ after, limit }) => {
    const rest = world.log.filter(({ seq }) => seq > Number(after));
    return { results: rest.slice(0, Number(limit)), more: rest.length > Number(limit) };
  };
  await world.open();
  world.room = world.client.follow(R);
  await world.socket.answer("join", joined(1));
  await world.socket.say(world.log[0]);
  world.looks = () => world.requests.filter(({ path }) => path === LOG).map(({ query }) => Number(query.after));
  return world;
}

test("an edit that is answered is made without a look", async () => {
  const world = await inRoom();
  const edited = world.room.edit(1, "new");
  await settle();
  await world.socket.answer("edit", ack(2));
  assert.deepEqual([(await edited).seq, world.looks()], [2, []]);
});

test("an edit whose answer was lost is not made again when it is in the log", async () => {
  const world = await inRoom();
  const edited = world.room.edit(1, "new");
  await settle();
  world.log.push(message(2), entry(3));
  await world.again();
  assert.deepEqual(await edited, { room: R, seq: 3, id: "id3", time: entry(3).time });
  assert.deepEqual([world.looks(), world.socket.of("edit")], [[1], []]);
});

test("an edit whose answer was lost is made again when it is not in the log", async () => {
  const world = await inRoom();
  const edited = world.room.edit(1, "new");
  await settle();
  const others = [entry(2, { text: "else" }), entry(3, { target: 2 }), entry(4, { sender: "bob" }), message(5, "new", "ada")];
  world.log.push(...others);
  await world.again();
  await world.socket.answer("edit", ack(6));
  assert.equal((await edited).seq, 6);
});

test("the same edit of before is not taken for one that was lost", async () => {
  const world = await inRoom();
  const first = world.room.edit(1, "new");
  await settle();
  world.log.push(entry(2));
  await world.socket.answer("edit", ack(2));
  await first;
  const second = world.room.edit(1, "new");
  await settle();
  await world.again();
  assert.deepEqual(world.looks(), [2]);
  await world.socket.answer("edit", ack(3));
  assert.equal((await second).seq, 3);
});

test("a long log is looked through to its end", async () => {
  const world = await inRoom();
  const edited = world.room.edit(1, "new");
  await settle();
  for (let seq = 2; seq <= 450; seq += 1) world.log.push(message(seq));
  world.log.push(entry(451));
  await world.again();
  assert.deepEqual([(await edited).seq, world.looks()], [451, [1, 201, 401]]);
});

test("a look that fails is taken again, before anything is sent", async () => {
  const world = await inRoom();
  const edited = world.room.edit(1, "new");
  await settle();
  const answer = world.answers[LOG];
  world.log.push(entry(2));
  world.answers[LOG] = () => ({ status: 503, detail: "away", after: "2" });
  await world.again();
  world.answers[LOG] = () => ({ status: 0 });
  await world.clock.pass(2_000);
  world.answers[LOG] = answer;
  assert.equal(world.looks().length, 2);
  await world.clock.pass(2_000);
  assert.deepEqual([(await edited).seq, world.looks().length, world.socket.of("edit")], [2, 3, []]);
});

test("an edit that the server could not answer for is looked for too", async () => {
  const world = await inRoom();
  const edited = world.room.edit(1, "new");
  await settle();
  world.log.push(entry(2));
  await world.socket.answer("edit", { type: "error", code: "unavailable", detail: "away" });
  await world.clock.pass(500);
  assert.deepEqual([(await edited).seq, world.socket.of("edit").length], [2, 1]);
});

test("an edit waits until it is known where the room stands", async () => {
  const world = fake();
  const room = world.client.follow(R);
  void room.edit(1, "new");
  await world.open();
  assert.deepEqual(world.socket.of("edit"), []);
  await world.socket.answer("join", joined(1));
  assert.equal(world.socket.of("edit").length, 1);
});

test("a deletion whose answer was lost is done when the log has it", async () => {
  const world = await inRoom();
  const deleted = world.room.delete(1);
  await settle();
  world.log.push(message(2), deletion(3));
  await world.again();
  await world.socket.answer("join", joined(3));
  await world.socket.answer("delete", NOT_FOUND);
  assert.equal((await deleted).seq, 3);
});

test("a deletion that is refused the second time fails when the log does not have it", async () => {
  const world = await inRoom();
  const deleted = world.room.delete(1).catch(({ code }) => code);
  await settle();
  world.log.push(deletion(2, { target: 7 }));
  await world.again();
  await world.socket.answer("join", joined(2));
  await world.socket.answer("delete", NOT_FOUND);
  assert.equal(await deleted, "not_found");
});

test("a deletion that is refused the first time fails", async () => {
  const world = await inRoom();
  const deleted = world.room.delete(9).catch(({ code }) => code);
  await settle();
  await world.socket.answer("delete", NOT_FOUND);
  assert.deepEqual([await deleted, world.looks()], ["not_found", []]);
});

test("what is given up during a look is not sent", async () => {
  const world = await inRoom();
  const edited = world.room.edit(1, "new").catch(({ code }) => code);
  await settle();
  world.answers[LOG] = () => {
    world.client.close();
    return { results: [], more: false };
  };
  await world.again();
  assert.deepEqual([await edited, world.socket.of("edit")], ["closed", []]);
});
