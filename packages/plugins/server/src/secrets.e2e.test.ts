import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram } from "./built-program.test.support.js";
import { hookwright, startProgram, startService, world } from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const token = "hwk_token-that-nobody-may-see";
const secret = "header-value-that-nobody-may-see";

test.each(["pretty", "json"])("no token and no header value gets into any output (log: %s)", async (format) => {
  const service = await startService(world({ HOOKWRIGHT_TOKEN: token, LOG_FORMAT: format }));
  const here = service.world;
  const outputs: string[] = [];
  const run = async (...args: readonly string[]) => {
    const { stdout, stderr } = await hookwright(here, args, `{"tasks":[{"id":1}]}`);
    outputs.push(stdout, stderr);
    return stdout;
  };

  const listener = startProgram(here, ["listen", "--json", "--once"]);
  const { url } = JSON.parse(await listener.line(/^\{"url"/));
  const add = ["webhooks", "add", "--project", "1", "--header", `Authorization: Bearer ${secret}`];
  await run(...add, url);
  // Nobody listens there: the failure is logged with its stack.
  await run(...add, "http://127.0.0.1:1/");
  await run(...add, "not a url");
  await run("webhooks", "add", url, "--project", "1", "--header", `Bad name: ${secret}`);
  await run("webhooks", "add", url, "--project", "1", "--header", `Host: ${secret}`);
  await run("webhooks", "show", "1");
  await run("webhooks", "list", "--json");
  await run("webhooks", "edit", "1", "--header", `X-Key: ${secret}`, "--json");
  await run("send", "TASKS_CREATED", "--payload", "-", "--project", "1");
  await run("webhooks", "test", "2", "--json");
  const { stdout } = await listener.ended;
  expect(JSON.parse(stdout.split("\n")[1] ?? "")).toMatchObject({
    action: "TASKS_CREATED",
    headers: { "x-key": "***", "content-type": "application/json" },
    body: { action: "TASKS_CREATED", tasks: [{ id: 1 }] },
  });
  await service.process.told(/Webhook 2 failed/);
  const { results } = JSON.parse(await run("deliveries", "list", "--json"));
  for (const { id } of results) await run("deliveries", "show", id, "--json");
  await run("doctor");
  await run("token", "list", "--json");
  const wrong = await fetch(`${service.url}/api/webhooks/`, { headers: { authorization: `Token ${token}x` } });
  expect(wrong.status).toBe(401);
  service.process.kill("SIGTERM");
  const ended = await service.process.ended;
  outputs.push(ended.stdout, ended.stderr, stdout);

  const everything = outputs.join("\n");
  expect(everything).toContain("Run webhook 1 for action TASKS_CREATED");
  expect(everything).not.toContain(token);
  expect(everything).not.toContain(secret);
});
