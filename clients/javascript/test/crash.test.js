import assert from "node:assert/strict";
import { test } from "node:test";

import { Node, until } from "./support/node.js";

const UNLIMITED = { IHS_LIMITS__MESSAGES_PER_SECOND: "0" };

const texts = (room) => room.messages.map(({ text }) => text);

test("a server that is killed amid sends loses nothing that it acknowledged, and doubles nothing", async (t) => {
  const node = await Node.start(t, UNLIMITED);
  const [ada, bob, eve] = [await node.client("ada"), await node.client("bob"), await node.client("eve")];
  const id = await node.room(ada, "bob", "eve");
  const rooms = await Promise.all([ada, bob, eve].map((client) => client.join(id)));
  const acked = new Map();
  const sends = [];
  for (let number = 0; number < 150; number += 1) {
    for (const [name, room] of [["ada", rooms[0]], ["bob", rooms[1]]]) {
      const text = `${name} ${number}`;
      sends.push(room.send(text).then(({ seq }) => acked.set(seq, text)));
    }
  }
  for (const count of [40, 150]) {
    await until(`${count} were acknowledged`, () => acked.size >= count);
    await node.kill();
    await node.run(node.place);
  }
  await Promise.all(sends);
  assert.equal(acked.size, 300, "each has a seq of its own");
  await until("all have all", () => rooms.every((room) => room.messages.length >= 300));
  for (const room of rooms) {
    assert.deepEqual(room.messages, rooms[0].messages);
    assert.equal(new Set(texts(room)).size, 300);
    for (const { seq, text } of room.messages) assert.equal(acked.get(seq), text);
  }
});

test("what is written while the server is away is sent when it is back, in order", async (t) => {
  const node = await Node.start(t, UNLIMITED);
  const ada = await node.client("ada");
  const room = await ada.join(await node.room(ada));
  await room.send("before");
  await node.kill();
  const written = Array.from({ length: 20 }, (_, number) => `number ${number}`);
  const sent = written.map((text) => room.send(text));
  assert.ok(ada.queued >= 19);
  await node.run(node.place);
  await Promise.all(sent);
  await until("they are there", () => room.messages.length === 21);
  assert.deepEqual(texts(room), ["before", ...written]);
  assert.equal(ada.queued, 0);
});

test("a server that is stopped in order tells its clients, who come back", async (t) => {
  const node = await Node.start(t, UNLIMITED);
  const ada = await node.client("ada");
  const room = await ada.join(await node.room(ada));
  await room.send("before");
  const ended = new Promise((resolve) => ada.on("disconnected", resolve));
  await node.terminate();
  const { code, wait } = await ended;
  assert.ok(code === 1012 || code === 1006, `${code}`);
  assert.ok(wait >= 0);
  await node.run(node.place);
  await room.send("after");
  await until("both are there", () => texts(room).join() === "before,after");
});
