import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../backoff.js";
import { fake, joined, R, settle } from "./support/fake.js";

test("waits double up to the longest, in their upper half", () => {
  const least = new Backoff({ first: 100, most: 1_000, random: () => 0 });
  const most = new Backoff({ first: 100, most: 1_000, random: () => 1 });
  assert.deepEqual(Array.from({ length: 6 }, () => least.next()), [50, 100, 200, 400, 500, 500]);
  assert.deepEqual(Array.from({ length: 6 }, () => most.next()), [100, 200, 400, 800, 1_000, 1_000]);
  most.reset();
  assert.equal(most.next(), 100);
});

test("a socket shows a ticket, or the token as a subprotocol", async () => {
  const ticket = fake();
  const socket = await ticket.open();
  assert.equal(socket.url, "ws://server/ws/?ticket=ticket1");
  assert.deepEqual(socket.protocols, ["ihs.v1"]);
  assert.equal(ticket.requests[0].headers.authorization, "Bearer t1");
  const token = fake({ credentials: "subprotocol" });
  assert.deepEqual((await token.open()).protocols, ["ihs.v1", "bearer.t1"]);
});

test("a lost connection is made again, later and later, until one lasts", async () => {
  const world = fake();
  const waits = [];
  world.client.on("disconnected", ({ wait }) => waits.push(wait));
  await world.open();
  for (let round = 0; round < 3; round += 1) {
    await world.socket.end(1006);
    await world.clock.pass(waits.at(-1));
    await world.socket.open();
  }
  await world.clock.pass(10_000);
  await world.socket.end(1006);
  assert.deepEqual(waits, [500, 1_000, 2_000, 500]);
});

test("a node that goes away says how long to wait", async () => {
  const world = fake();
  await world.open();
  await world.socket.end(1012, "7300");
  await world.clock.pass(7_299);
  assert.equal(world.sockets.length, 1);
  await world.clock.pass(1);
  assert.equal(world.sockets.length, 2);
});

test("a ticket that is refused for now is asked for when the server says", async () => {
  const world = fake();
  world.answers["/api/ws-ticket/"] = () => ({ status: 503, after: "17", detail: "away" });
  const errors = [];
  world.client.on("error", ({ code }) => errors.push(code));
  world.client.use({ username: "ada", token: "t1" });
  await settle();
  assert.deepEqual(errors, ["unavailable"]);
  await world.clock.pass(16_999);
  assert.equal(world.requests.length, 1);
  await world.clock.pass(1);
  assert.equal(world.requests.length, 2);
});

test("a server that cannot be reached is tried again", async () => {
  const world = fake();
  world.answers["/api/ws-ticket/"] = () => ({ status: 0 });
  world.client.use({ username: "ada", token: "t1" });
  await settle();
  delete world.answers["/api/ws-ticket/"];
  await world.clock.pass(500);
  assert.equal(world.sockets.length, 1);
});

test("a token is renewed before it ends, and told to the open socket", async () => {
  const world = fake();
  const socket = await world.open();
  await world.socket.say({ type: "pong" });
  for (let minute = 0; minute < 18; minute += 1) {
    await world.clock.pass(30_000);
    await socket.say({ type: "pong" });
  }
  assert.deepEqual(world.requests.at(-1).body, { refresh: "r1" });
  assert.equal(socket.of("token")[0].token, "token2");
  assert.equal(world.client.session.token, "token2");
});

test("a socket whose token has ended comes back with a new one", async () => {
  const world = fake();
  await world.open();
  await world.socket.end(4401);
  await world.clock.pass(500);
  assert.equal(world.sockets.length, 2);
  assert.equal(world.requests.at(-1).headers.authorization, "Bearer token2");
});

test("a login that has ended is told, and nothing is tried any more", async () => {
  const world = fake();
  world.answers["/api/token/refresh/"] = () => ({ status: 401, detail: "Token is invalid or expired" });
  const codes = [];
  world.client.on("signedOut", ({ code }) => codes.push(code));
  await world.open();
  await world.socket.end(4401);
  await world.clock.pass(100_000);
  assert.deepEqual(codes, ["signed_out"]);
  assert.deepEqual([world.client.state, world.sockets.length], ["idle", 1]);
});

test("a server that falls silent is asked for a sign of life, and given up without one", async () => {
  const world = fake();
  const socket = await world.open();
  await world.clock.pass(25_000);
  assert.equal(socket.of("ping").length, 1);
  await socket.say({ type: "pong" });
  await world.clock.pass(30_000);
  assert.equal(world.client.state, "open");
  await world.clock.pass(25_000);
  assert.equal(socket.readyState, 2);
  assert.equal(world.sockets.length, 2);
});

test("a closed client stays closed, and says so to whoever waits", async () => {
  const world = fake();
  await world.open();
  const room = world.client.follow(R);
  await world.socket.answer("join", joined(0));
  const sent = room.send("hi").catch(({ code }) => code);
  world.client.close();
  assert.equal(await sent, "closed");
  await world.clock.pass(100_000);
  assert.deepEqual([world.client.state, world.sockets.length], ["closed", 1]);
});
