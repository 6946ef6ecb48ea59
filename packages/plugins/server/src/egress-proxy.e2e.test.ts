import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { startService, world } from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // listen() gave it one: a bound TCP server has no other form of address.
  return (server.address() as AddressInfo).port;
}

test("a service behind an egress proxy delivers through it by settings alone, and logs nothing of its password", async () => {
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url = "", headers }, client) => {
    tunnels.push(`${url} ${Buffer.from(String(headers["proxy-authorization"]).replace("Basic ", ""), "base64")}`);
    const isKnown = tunnels.at(-1)?.endsWith(" hooks:hunter2") === true;
    if (!isKnown) return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const [host = "", port = ""] = url.split(":");
    const target = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(target).pipe(client);
    });
    for (const socket of [client, target]) socket.on("error", () => client.destroy());
  });
  const receiver = createServer((request, response) => request.resume().on("end", () => response.end("ok")));
  const [proxyPort, port] = [await listening(proxy), await listening(receiver)];

  for (const [password, expected] of [
    ["hunter2", { status: 200, code: null }],
    ["hunter3", { status: null, code: "proxy_failed" }],
  ] as const) {
    const here = world({
      HOOKWRIGHT_EGRESS_PROXY: `http://hooks:${password}@127.0.0.1:${proxyPort}`,
      WEBHOOK_TIMEOUT: "10",
    });
    const service = await startService(here);
    const headers = { authorization: `Token ${service.token}`, "content-type": "application/json" };
    const post = async (path: string, body: object): Promise<unknown> =>
      (await fetch(`${service.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
    const webhook = await post("/api/webhooks/", { url: `http://localhost:${port}/`, project: 1 });
    const { id } = Object(webhook);
    expect(await post(`/api/webhooks/${id}/test/`, {})).toMatchObject({ attempt: expected });
    service.process.child.kill("SIGTERM");
    const { stderr } = await service.process.ended;
    expect(stderr).not.toMatch(/hunter|aHVudGVy|aG9va3M6/);
  }
  expect(tunnels).toEqual([`127.0.0.1:${port} hooks:hunter2`, `127.0.0.1:${port} hooks:hunter3`]);
});
