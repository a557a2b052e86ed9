import assert from "node:assert/strict";
import { test } from "node:test";

import { fake } from "./support/fake.js";

const note = (id) => ({ id, title: "t", text: "x", category: "system", time_created: "2026-01-01T00:00:00.000Z" });

async function opened() {
  const world = fake();
  await world.open();
  const asked = world.client.openInbox();
  await world.socket.answer("inbox", { type: "notifications", unseen: [note("1"), note("2")], count: 5 });
  world.inbox = await asked;
  return world;
}

const ids = (inbox) => inbox.unseen.map(({ id }) => id);

test("the inbox has what was not viewed, and what comes", async () => {
  const { socket, inbox } = await opened();
  assert.deepEqual([ids(inbox), inbox.count], [["1", "2"], 5]);
  const came = [];
  inbox.on("notification", ({ id }) => came.push(id));
  await socket.say({ type: "notification", ...note("3") });
  assert.deepEqual([ids(inbox), came, inbox.count], [["1", "2", "3"], ["3"], 6]);
});

test("what is viewed here or on another device is gone", async () => {
  const { socket, inbox } = await opened();
  const viewed = inbox.viewed(["1"]);
  await socket.answer("viewed", { type: "ok" });
  await viewed;
  await socket.say({ type: "viewed", notifications: ["2"] });
  assert.deepEqual(ids(inbox), []);
});

test("a new connection opens the inbox again", async () => {
  const world = await opened();
  await world.socket.end(1006);
  await world.clock.pass(500);
  await world.socket.open();
  await world.socket.answer("inbox", { type: "notifications", unseen: [note("9")], count: 1 });
  assert.deepEqual([ids(world.inbox), world.inbox.count], [["9"], 1]);
});
