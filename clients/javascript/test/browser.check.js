/** The client in a browser: `scripts/browser`. The page does the work and posts what came of it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Node } from "./support/node.js";

const CHROMIUM = process.env.CHROMIUM ?? "chromium";

/** Serves the page and the client, and passes everything else on to the node, so that all is of one origin. */
function front(node, commands) {
  const server = createServer(async (asked, answer) => {
    const path = asked.url.split("?")[0];
    if (path in commands) {
      let body = "";
      for await (const chunk of asked) body += chunk;
      answer.end(JSON.stringify((await commands[path](body)) ?? {}));
    } else if (path.startsWith("/api/")) {
      const { hostname, port } = new URL(node.url);
      const passed = request({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers }, (came) => {
        answer.writeHead(came.statusCode, came.headers);
        came.pipe(answer);
      });
      passed.on("error", () => answer.writeHead(503).end("{}"));
      asked.pipe(passed);
    } else {
      const root = path === "/page.html" ? "./support/" : "../";
      const file = await readFile(fileURLToPath(new URL(`${root}${path.slice(1)}`, import.meta.url))).catch(() => undefined);
      const type = path.endsWith(".js") ? "text/javascript" : "text/html";
      answer.writeHead(file ? 200 : 404, { "content-type": type }).end(file);
    }
  });
  server.on("upgrade", (asked, socket, head) => {
    const { hostname, port } = new URL(node.url);
    const passed = connect(port, hostname, () => {
      const headers = asked.rawHeaders.flatMap((_, place, all) => (place % 2 ? [] : [`${all[place]}: ${all[place + 1]}`]));
      passed.write([`GET ${asked.url} HTTP/1.1`, ...headers, "", ""].join("\r\n"));
      passed.write(head);
      socket.pipe(passed).pipe(socket);
    });
    for (const [one, other] of [[socket, passed], [passed, socket]]) one.on("error", () => other.destroy());
  });
  return server;
}

test("the client works in a browser", async (t) => {
  const node = await Node.start(t, { IHS_LIMITS__MESSAGES_PER_SECOND: "0" });
  await node.signUp("ada");
  const bob = await node.client("bob");
  let done;
  const result = new Promise((resolve) => (done = resolve));
  const server = front(node, {
    "/restart": () => node.kill().then(() => node.run(node.place)),
    "/result": (body) => done(JSON.parse(body)),
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const profile = await mkdtemp(join(tmpdir(), "ihs-browser-"));
  const browser = spawn(
    CHROMIUM,
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--no-first-run",
      `--user-data-dir=${profile}`,
      `http://127.0.0.1:${server.address().port}/page.html`,
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise((resolve) => browser.on("exit", resolve).on("error", resolve));
  t.after(async () => {
    browser.kill("SIGKILL");
    await ended;
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  const early = ended.then((end) => assert.fail(`the browser ended: ${end}`));
  const { failure, ...came } = await Promise.race([result, early]);
  assert.equal(failure, undefined);
  const sent = Array.from({ length: 60 }, (_, number) => `number ${number}`);
  assert.deepEqual(came.texts, sent, "each once and in order, over a server that was killed");
  assert.deepEqual(came.closedByPage, { code: 1000, wasClean: true });
  assert.deepEqual(came.closedByServer, { code: 4400, wasClean: true });
  const room = await bob.direct("ada", { after: 0 });
  const { texts } = came;
  while (room.messages.length < texts.length) await new Promise((resolve) => room.on("change", resolve));
  assert.deepEqual(room.messages.map(({ text }) => text), texts, "the other one sees the same");
});
