/** What other people's WebSocket libraries make of our sockets. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import WebSocket from "ws";

import { Node } from "./support/node.js";

/** A socket of the package `ws`, and what comes over it. */
class Raw {
  frames = [];
  pongs = [];
  #waiting;

  constructor(node, token) {
    this.socket = new WebSocket(`${node.url.replace("http", "ws")}/ws/`, { headers: { authorization: `Bearer ${token}` } });
    this.socket.on("message", (data) => this.frames.push(JSON.parse(data)) && this.#waiting?.());
    this.socket.on("pong", (data) => this.pongs.push(String(data)) && this.#waiting?.());
    this.closed = new Promise((resolve) => this.socket.on("close", (code, reason) => resolve([code, String(reason)])));
    this.opened = new Promise((resolve, reject) => this.socket.on("open", resolve).on("error", reject));
  }

  send(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  async of(type) {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type);
      if (found) return found;
      await new Promise((resolve) => (this.#waiting = resolve));
    }
  }
}

async function raw(t) {
  const node = await Node.start(t);
  await node.signUp("ada");
  const token = await node.token("ada");
  const { id } = await node.post("/api/rooms/", { name: "ward", members: [] }, token);
  const socket = new Raw(node, token);
  await socket.opened;
  t.after(() => socket.socket.terminate());
  return { node, socket, room: id, token };
}

test("`ws` sends a message in fragments with a ping between them", async (t) => {
  const { socket, room } = await raw(t);
  socket.send({ type: "join", room });
  await socket.of("joined");
  const text = JSON.stringify({ type: "message", ref: 1, room, text: "سلام 😀" });
  const bytes = Buffer.from(text);
  const places = [0, 5, bytes.length - 5, bytes.length];
  for (const [place, start] of places.slice(0, -1).entries()) {
    const fin = place === places.length - 2;
    socket.socket.send(bytes.subarray(start, places[place + 1]), { binary: false, fin });
    socket.socket.ping(`ping ${place}`);
  }
  assert.equal((await socket.of("ack")).seq, 1);
  assert.equal((await socket.of("message")).text, "سلام 😀");
  assert.deepEqual(socket.pongs, ["ping 0", "ping 1", "ping 2"].slice(0, socket.pongs.length));
  assert.ok(socket.pongs.length >= 2, "those inside of the message were answered before it");
});

test("`ws` closes, and is answered with its code", async (t) => {
  const { socket } = await raw(t);
  socket.socket.close(1000, "bye");
  assert.deepEqual(await socket.closed, [1000, ""]);
});

test("`ws` is closed with the server's code and reason", async (t) => {
  const { socket } = await raw(t);
  for (let number = 0; number < 10; number += 1) socket.socket.send("not JSON");
  const [code, reason] = await socket.closed;
  assert.equal(code, 4400);
  assert.match(reason, /JSON/);
});

test("`ws` half-closes, and still gets its answers", async (t) => {
  const { socket, room } = await raw(t);
  for (let number = 0; number < 20; number += 1) socket.send({ type: "message", ref: number, room, text: "last words" });
  socket.socket._socket.end();
  await socket.closed;
  assert.equal(socket.frames.filter(({ type }) => type === "ack").length, 20);
});

test("`websockets` of Python does all of that", { skip: !process.env.IHS_PYTHON && "IHS_PYTHON is not set" }, async (t) => {
  const { node, room, token } = await raw(t);
  const script = fileURLToPath(new URL("support/websockets_client.py", import.meta.url));
  const url = `${node.url.replace("http", "ws")}/ws/`;
  const { stdout } = await promisify(execFile)(process.env.IHS_PYTHON, [script, url, token, room]);
  assert.equal(stdout.trim(), "ok");
});
