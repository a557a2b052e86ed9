import assert from "node:assert/strict";
import { test } from "node:test";

import WebSocket from "ws";

import { Node, until } from "./support/node.js";

const UNLIMITED = { IHS_LIMITS__MESSAGES_PER_SECOND: "0" };

const texts = (room) => room.messages.map(({ text }) => text);

test("two people talk, and see the same", async (t) => {
  const node = await Node.start(t);
  const [ada, bob] = [await node.client("ada"), await node.client("bob")];
  const [atAda, atBob] = await Promise.all([ada.direct("bob"), bob.direct("ada")]);
  assert.equal(atAda.id, atBob.id);
  await atAda.send("good morning");
  await atBob.send("how are you?");
  await until("both have both", () => atAda.messages.length === 2 && atBob.messages.length === 2);
  assert.deepEqual(atAda.messages, atBob.messages);
  assert.deepEqual([atAda.unread, atBob.unread], [1, 1]);
});

test("what several write at once has one order for all", async (t) => {
  const node = await Node.start(t, UNLIMITED);
  const names = ["ada", "bob", "eve"];
  const clients = [];
  for (const name of names) clients.push(await node.client(name));
  const id = await node.room(clients[0], "bob", "eve");
  const rooms = await Promise.all(clients.map((client) => client.join(id)));
  const sent = rooms.flatMap((room, place) => Array.from({ length: 40 }, (_, number) => room.send(`${names[place]} ${number}`)));
  const acks = await Promise.all(sent);
  assert.equal(new Set(acks.map(({ seq }) => seq)).size, 120);
  await until("all have all", () => rooms.every((room) => room.messages.length === 120));
  assert.deepEqual(rooms[0].messages, rooms[1].messages);
  assert.deepEqual(rooms[0].messages, rooms[2].messages);
  for (const name of names) {
    const own = texts(rooms[0]).filter((text) => text.startsWith(name));
    assert.deepEqual(own, Array.from({ length: 40 }, (_, number) => `${name} ${number}`), "each sender's order is kept");
  }
});

test("edits, deletions, reading and typing arrive", async (t) => {
  const node = await Node.start(t);
  const [ada, bob] = [await node.client("ada"), await node.client("bob")];
  const atAda = await ada.direct("bob");
  const { seq } = await atAda.send("helo");
  const second = await atAda.send("oops");
  await atAda.edit(seq, "hello");
  await atAda.delete(second.seq);
  const atBob = await bob.direct("ada");
  await until("bob sees what became of it", () => atBob.messages[1]?.deleted && atBob.messages[0].text === "hello");
  await until("ada sees it too", () => atAda.position.after === 4 && atBob.position.after === 4);
  assert.deepEqual(atAda.messages, atBob.messages, "what was seen live is what the log amounts to");
  const typing = new Promise((resolve) => atAda.on("typing", resolve));
  atBob.typing();
  assert.equal((await typing).user, "bob");
  atBob.markRead();
  await until("ada sees what bob has read", () => atAda.read.get("bob") >= second.seq);
});

test("members see who is there", async (t) => {
  const node = await Node.start(t);
  const [ada, bob] = [await node.client("ada"), await node.client("bob")];
  const atAda = await ada.direct("bob");
  const atBob = await bob.direct("ada");
  assert.ok(atBob.online.has("ada"));
  await until("ada sees bob come", () => atAda.online.has("bob"));
  bob.close();
  await until("ada sees bob leave", () => !atAda.online.has("bob"));
});

test("history is there to the first message", async (t) => {
  const node = await Node.start(t, UNLIMITED);
  const ada = await node.client("ada");
  const writing = await ada.join(await node.room(ada));
  await Promise.all(Array.from({ length: 30 }, (_, number) => writing.send(`number ${number}`)));
  const reading = await (await node.another("ada")).join(writing.id, { history: 5 });
  await until("the last five are there", () => reading.messages.length === 5);
  while (reading.hasOlder) await reading.older(10);
  assert.deepEqual(texts(reading), texts(writing));
});

test("a room that is not there is refused", async (t) => {
  const node = await Node.start(t);
  const ada = await node.client("ada");
  await assert.rejects(ada.join("f".repeat(24)), { code: "not_found" });
});

test("a send that is too fast arrives all the same", async (t) => {
  const node = await Node.start(t, { IHS_LIMITS__MESSAGES_PER_SECOND: "5", IHS_LIMITS__MESSAGES_BURST: "2" });
  const ada = await node.client("ada");
  const room = await ada.join(await node.room(ada));
  const acks = await Promise.all(["a", "b", "c", "d"].map((text) => room.send(text)));
  assert.deepEqual(acks.map(({ seq }) => seq), [1, 2, 3, 4]);
  await until("they are there", () => room.messages.length === 4);
  assert.deepEqual(texts(room), ["a", "b", "c", "d"]);
});

test("whoever is removed sees nothing more", async (t) => {
  const node = await Node.start(t);
  const [ada, bob] = [await node.client("ada"), await node.client("bob")];
  const atAda = await ada.join(await node.room(ada, "bob"));
  const atBob = await bob.join(atAda.id);
  const left = new Promise((resolve) => atBob.on("left", resolve));
  await ada.session.request(`/api/rooms/${atAda.id}/`, { method: "PATCH", body: { members: ["ada"] } });
  assert.deepEqual(await left, { reason: "removed" });
  assert.deepEqual(bob.rooms, []);
});

test("whoever is removed while away is told when they are back", async (t) => {
  const node = await Node.start(t);
  const [ada, bob] = [await node.client("ada"), await node.client("bob")];
  const atAda = await ada.join(await node.room(ada, "bob"));
  const other = await ada.join(await node.room(ada, "bob"));
  await bob.sync();
  const left = new Promise((resolve) => bob.rooms.find(({ id }) => id === atAda.id).on("left", resolve));
  bob.close();
  await ada.session.request(`/api/rooms/${atAda.id}/`, { method: "PATCH", body: { members: ["ada"] } });
  bob.connect();
  assert.deepEqual(await left, { reason: "removed" });
  assert.deepEqual(bob.rooms.map(({ id }) => id), [other.id]);
});

test("edits and deletions whose answers are lost stand in the log once", async (t) => {
  const node = await Node.start(t);
  let lose = false;
  class Lossy extends WebSocket {
    emit(name, ...rest) {
      if (name !== "message" || !lose || JSON.parse(rest[0]).type !== "ack") return super.emit(name, ...rest);
      lose = false;
      this.terminate();
      return false;
    }
  }
  const ada = await node.client("ada", { WebSocket: Lossy });
  const room = await ada.join(await node.room(ada));
  const { seq } = await room.send("helo");
  lose = true;
  const edited = await room.edit(seq, "hello");
  lose = true;
  const deleted = await room.delete(seq);
  assert.ok(!lose);
  assert.deepEqual([edited.seq, deleted.seq], [seq + 1, seq + 2]);
  const { results } = await ada.session.request(`/api/rooms/${room.id}/messages/?after=0`);
  assert.deepEqual(results.map(({ type }) => type), ["message", "edited", "deleted"]);
});

test("a revoked login ends, and is told", async (t) => {
  const node = await Node.start(t);
  const ada = await node.client("ada", { credentials: "subprotocol" });
  const ended = new Promise((resolve) => ada.on("signedOut", resolve));
  await ada.session.request("/api/token/revoke/", { method: "POST", body: { all: true } });
  assert.equal((await ended).code, "signed_out");
  assert.equal(ada.state, "idle");
});

test("an open socket takes a new token", async (t) => {
  const node = await Node.start(t);
  const ada = await node.client("ada");
  const heard = [];
  ada.on("frame", ({ type }) => heard.push(type));
  await ada.session.renew();
  await until("it is answered", () => heard.includes("ok"));
  await ada.ping();
  assert.deepEqual([ada.state, heard], ["open", ["ok", "pong"]]);
});

test("a sync follows every room", async (t) => {
  const node = await Node.start(t);
  const [ada, bob] = [await node.client("ada"), await node.client("bob")];
  const atBob = await bob.direct("ada");
  await atBob.send("before");
  const [atAda] = await ada.sync();
  assert.deepEqual([atAda.id, texts(atAda)], [atBob.id, ["before"]]);
  await atBob.send("after");
  await until("it is there", () => texts(atAda).join() === "before,after");
  await node.kill();
  const waiting = atBob.send("later");
  await node.run(node.place);
  await waiting;
  await until("it is there after a restart", () => texts(atAda).join() === "before,after,later");
});

test("the inbox shows what is written elsewhere, until it is viewed on any device", async (t) => {
  const node = await Node.start(t);
  const [ada, bob] = [await node.client("ada"), await node.client("bob")];
  await ada.openInbox();
  const phone = await node.another("ada");
  await phone.openInbox();
  await (await bob.direct("ada")).send("are you there?");
  await until("both devices show it", () => ada.inbox.count === 1 && phone.inbox.count === 1);
  assert.equal(ada.inbox.unseen[0].category, "message");
  await phone.inbox.viewed();
  await until("neither shows it", () => ada.inbox.count === 0 && phone.inbox.count === 0);
});

test("staff notify somebody, and the same key notifies once", async (t) => {
  const node = await Node.start(t);
  const ada = await node.client("ada");
  await node.superuser("root");
  const root = await node.another("root");
  await until("ada is back", () => ada.state === "open");
  await ada.openInbox();
  const notice = { title: "Result", text: "It is there.", category: "system", key: "k" };
  const id = await root.notify("ada", notice);
  assert.equal(await root.notify("ada", notice), id);
  await until("it is there", () => ada.inbox.count === 1);
  assert.deepEqual([ada.inbox.unseen[0].id, ada.inbox.unseen[0].title], [id, "Result"]);
});
