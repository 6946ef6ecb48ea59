import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram } from "../built-program.test.support.js";
import { hookwright, startProgram, startService, world } from "../program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

test("from nothing to a received webhook, with the command alone", async () => {
  const service = await startService(world());
  const { world: here } = service;

  const listener = startProgram(here, ["listen", "--once"]);
  const target = await listener.line(/^http:\/\/127\.0\.0\.1:\d+\/$/);

  const added = await hookwright(here, ["webhooks", "add", target, "--project", "1", "--action", "TASKS_CREATED"]);
  expect(added).toMatchObject({ code: 0, stderr: "" });
  expect(added.stdout).toContain(target);

  const payload = `{"tasks":[{"id":12345678901234567890}]}`;
  const sent = await hookwright(here, ["send", "TASKS_CREATED", "--payload", "-", "--project", "1"], payload);
  expect(sent).toMatchObject({ code: 0, stderr: "" });
  expect(sent.stdout).toMatch(/^msg_\w+ {2}TASKS_CREATED to 1 webhook\n$/);
  const message = sent.stdout.split(" ")[0] ?? "";

  const received = await listener.ended;
  expect(received).toMatchObject({ code: 0, stderr: "" });
  expect(received.stdout).toContain(`POST /  TASKS_CREATED  ${message}\n`);
  expect(received.stdout).toContain(`"id": 12345678901234567890`);

  const listed = await hookwright(here, ["deliveries", "list", "--json"]);
  const { results } = JSON.parse(listed.stdout);
  expect(results).toMatchObject([{ message, action: "TASKS_CREATED", webhook: 1, project: 1 }]);

  const shown = await hookwright(here, ["deliveries", "show", results[0].id]);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^status +delivered$/m);
  expect(shown.stdout).toMatch(/^1 +\S+ \S+ +\d+ +200 /m);
  expect(shown.stdout).toContain(`"id": 12345678901234567890`);
});
