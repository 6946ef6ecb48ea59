import { DatabaseSync } from "node:sqlite";
import { organizationId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { deliveriesOf, trial } from "./sqlite-rig.test.support.js";

test("an attempt of the first schema, which did not say who slowed it, was slowed by nobody", async () => {
  const scene = await trial();
  const entries = scene.entries(await scene.webhook(), 1);
  await scene.append(entries);
  await scene.deliver((await scene.claim()).leases);
  await scene.rig.kill();
  const database = new DatabaseSync(scene.rig.file);
  database.exec("UPDATE attempts SET attempt = json_remove(attempt, '$.slowedBy')");
  database.close();
  await scene.crash();
  const [delivery] = deliveriesOf(entries);
  if (delivery === undefined) throw new Error("nothing was stored");
  const detail = await scene.store.attempts.get(organizationId(1), delivery);
  expect(detail?.attempts).toMatchObject([{ number: 1, slowedBy: [] }]);
});
