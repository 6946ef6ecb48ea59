import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram } from "../built-program.test.support.js";
import { HoldableReceiver } from "../holdable-receiver.test.support.js";
import { eventually, hookwright, startService, world } from "../program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

test("what a deactivated webhook missed is told by doctor, and sent by the command that its reactivation names", async () => {
  const service = await startService(world({ WEBHOOK_MAX_CONSECUTIVE_FAILURES: "1" }));
  const run = (...args: readonly string[]) => hookwright(service.world, args);
  const send = (id: number) =>
    hookwright(
      service.world,
      ["send", "TASKS_CREATED", "--payload", "-", "--project", "3"],
      `{"tasks":[{"id":${id}}]}`,
    );
  // Nothing listens there.
  await run("webhooks", "add", "http://127.0.0.1:1/", "--project", "3");
  expect((await run("doctor")).stdout).toMatch(/^ok +webhooks +none of 1 was deactivated$/m);
  await send(1);
  await eventually(async () => (await run("webhooks", "show", "1")).stdout.includes("no (failures)") || undefined);
  await send(2);
  await send(3);

  const doctor = await run("doctor");
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(
    /^FAILED +webhooks +1 of 1 were deactivated: 1 \(failures\)\. .*webhooks edit ID --active/m,
  );

  const receiver = await HoldableReceiver.open();
  const edited = await run("webhooks", "edit", "1", "--active", "--url", receiver.url);
  expect(edited.code).toBe(0);
  const replay = /hookwright (deliveries replay --webhook 1 --since \S+Z --missing)\n$/.exec(edited.stderr)?.[1] ?? "";
  expect((await run("webhooks", "edit", "1", "--active")).stderr).toBe("");

  const dryRun = await run("deliveries", "replay", "--webhook", "1", "--since", "2026-01-01T00:00:00Z", "--dry-run");
  expect(dryRun.stdout).toMatch(/^1 would .*, 0 added\. 2 that it never had would be added with --missing\.\n$/);
  expect(await run(...replay.split(" "), "--wait")).toMatchObject({ code: 0 });
  const received = await receiver.until((requests) => requests.length === 2);
  expect(received.map(({ body }) => JSON.parse(body).tasks)).toEqual([[{ id: 2 }], [{ id: 3 }]]);
});
