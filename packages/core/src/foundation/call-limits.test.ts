import { expect, test } from "vitest";
import { CallLimits } from "./call-limits.js";
import type { OrganizationId } from "./ids.js";

const [one, two, three] = [1, 2, 3] as OrganizationId[] as [OrganizationId, OrganizationId, OrganizationId];

test("calls beyond an organization's share, or beyond all that there are, are refused at once", async () => {
  const limits = new CallLimits({ overall: 3, perOrganization: 2 });
  const gate = Promise.withResolvers<string>();
  const held = [one, one, two].map((organization) => limits.run(organization, () => gate.promise));
  await expect(limits.run(one, () => gate.promise)).rejects.toMatchObject({ code: "overloaded" });
  await expect(limits.run(three, () => gate.promise)).rejects.toMatchObject({ code: "overloaded" });
  gate.resolve("done");
  expect(await Promise.all(held)).toEqual(["done", "done", "done"]);
  expect(await limits.run(one, async () => "again")).toBe("again");
});

test("a call that fails, or throws before it begins, gives its place back", async () => {
  const limits = new CallLimits({ overall: 1, perOrganization: 1 });
  const failure = new Error("failed");
  const fail = (): Promise<never> => {
    throw failure;
  };
  for (const call of [fail, () => Promise.reject(failure), fail])
    await expect(limits.run(one, call)).rejects.toBe(failure);
  expect(await limits.run(two, async () => "again")).toBe("again");
});
