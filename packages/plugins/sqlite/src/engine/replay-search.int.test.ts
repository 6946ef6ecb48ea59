import type { ReplayPage } from "@hookwright/core";
import { organizationId } from "@hookwright/testing";
import { expect, test } from "vitest";
import { type Trial, trial } from "../sqlite-rig.test.support.js";

test("what is in no list yet is read only by a page that the list cannot fill", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const other = await scene.webhook({ organization: organizationId(2) });
  const sent = async (to: typeof webhook, count: number): Promise<void> => {
    await scene.append(scene.entries(to, count));
    await scene.deliver((await scene.claim(count)).leases);
  };
  await sent(webhook, 1_000);
  // Behind so many, the first ones are listed, and up to 4,096 are not.
  for (let turn = 0; turn < 6; turn += 1) await sent(other, 1_000);
  await sent(webhook, 10);
  const pages = await pagesOf(scene, { organization: webhook.organization, webhook: webhook.id }, 100);
  expect(pages.flatMap(({ deliveries }) => deliveries)).toHaveLength(1_010);
  const [full, rest] = [
    pages.filter(({ examined }) => examined === 100),
    pages.filter(({ examined }) => examined < 100),
  ];
  expect(full).toHaveLength(10);
  expect(rest).toHaveLength(1);
  // The smallest id of the tail is looked for once, and not by each page.
  for (const { read } of full.slice(1)) expect(read).toBe(100);
  expect(rest[0]?.read).toBeGreaterThan(2_000);
});

test("of the tail nothing is passed over where a clock that was set back gave it lower ids", async () => {
  const scene = await trial();
  const webhook = await scene.webhook();
  const sent = async (count: number): Promise<void> => {
    await scene.append(scene.entries(webhook, count));
    await scene.deliver((await scene.claim(count)).leases);
  };
  const early = scene.entries(webhook, 5);
  for (let turn = 0; turn < 7; turn += 1) await sent(1_000);
  await scene.append(early);
  await scene.deliver((await scene.claim(5)).leases);
  const pages = await pagesOf(scene, { organization: webhook.organization, webhook: webhook.id }, 100);
  const found = pages.flatMap(({ deliveries }) => deliveries);
  expect(found).toHaveLength(7_005);
  expect(found).toEqual(found.toSorted());
});

async function pagesOf(
  scene: Trial,
  of: Pick<Parameters<Trial["store"]["jobs"]["find"]>[0], "organization" | "webhook">,
  limit: number,
): Promise<readonly ReplayPage[]> {
  const request = { since: 0, until: scene.now + 1, status: "delivered", missing: false } as const;
  const pages: ReplayPage[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: ReplayPage = await scene.store.jobs.find({ ...of, request }, cursor, limit);
    pages.push(page);
    cursor = page.next;
  }
  return pages;
}
