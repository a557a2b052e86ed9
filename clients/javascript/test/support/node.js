/** A real server: the binary, on data of its own. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import WebSocket from "ws";

import { Client } from "../../ihs.js";

const BINARY = process.env.IHS_BINARY ?? fileURLToPath(new URL("../../../../target/debug/ihs", import.meta.url));

export const PASSWORD = "correct horse battery";

/** Longest wait for what must come. */
const PATIENCE = 15_000;

export class Node {
  /** Starts a server that lives as long as the test. */
  static async start(test, settings = {}) {
    const node = new Node();
    node.folder = await mkdtemp(join(tmpdir(), "ihs-client-"));
    node.settings = { IHS_AUTH__ARGON2_MEMORY_KIB: "64", IHS_AUTH__ARGON2_PASSES: "1", ...settings };
    node.clients = [];
    test.after(() => node.end());
    await node.run("127.0.0.1:0");
    return node;
  }

  async run(listen) {
    const ours = Object.entries(process.env).filter(([name]) => !name.startsWith("IHS_"));
    this.process = spawn(BINARY, ["serve", "--listen", listen, "--data-dir", this.folder], {
      env: { ...Object.fromEntries(ours), ...this.settings },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.exit = once(this.process, "exit");
    const said = [];
    this.url = await new Promise((resolve, reject) => {
      createInterface(this.process.stderr).on("line", (line) => {
        said.push(line);
        const address = line.split("listening on ")[1];
        if (address) resolve(address.trim());
      });
      this.process.on("error", reject);
      this.process.on("exit", () => reject(new Error(`the server ended:\n${said.join("\n")}`)));
    });
  }

  get place() {
    return this.url.replace("http://", "");
  }

  /** Ends the server as a crash would. */
  async kill() {
    this.process.kill("SIGKILL");
    await this.exit;
  }

  /** Asks the server to stop. */
  async terminate() {
    this.process.kill("SIGTERM");
    await this.exit;
  }

  /** Makes a superuser. The server is stopped for that moment: its store has one user. */
  async superuser(username) {
    await this.terminate();
    const made = spawn(BINARY, ["createsuperuser", "--username", username, "--password-stdin", "--data-dir", this.folder], {
      env: { PATH: process.env.PATH, ...this.settings },
      stdio: ["pipe", "ignore", "ignore"],
    });
    made.stdin.end(`${PASSWORD}\n`);
    assert.deepEqual(await once(made, "exit"), [0, null]);
    await this.run(this.place);
  }

  async end() {
    for (const client of this.clients) client.close();
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async post(path, body, token) {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    assert.ok(response.ok, `${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  async signUp(username) {
    await this.post("/api/users/", { username, password: PASSWORD, userType: "patient" });
  }

  async token(username) {
    return (await this.post("/api/token/", { username, password: PASSWORD })).token;
  }

  /** Signs somebody up, and connects them. */
  async client(username, options = {}) {
    await this.signUp(username);
    return this.another(username, options);
  }

  /** One more client of somebody. */
  async another(username, options = {}) {
    const backoff = { first: 20, most: 200 };
    const client = new Client({ url: this.url, WebSocket, backoff, ...options });
    this.clients.push(client);
    await client.login(username, PASSWORD);
    await until("it is connected", () => client.state === "open");
    return client;
  }

  /** A room of these clients; the first one makes it. */
  async room(maker, ...usernames) {
    const body = { name: "ward", members: usernames };
    return (await maker.session.request("/api/rooms/", { method: "POST", body })).id;
  }
}

/** Waits until something holds. */
export async function until(what, holds) {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
