import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OrganizationId } from "@hookwright/core";
import { SealedWebhooks } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";
import { newWebhook } from "@hookwright/testing";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type DataFolder, dataFolder } from "../data-folder.js";
import { runProgram } from "./program.js";

const [first, second, third] = ["1".repeat(32), "2".repeat(32), "3".repeat(32)];

let folder: DataFolder;

beforeEach(() => {
  const path = mkdtempSync(join(tmpdir(), "discard-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  folder = dataFolder(path);
});

describe("secrets discard-unreadable", () => {
  test("destroys nothing where no key is at hand, whatever it is told", async () => {
    await fill([first, second]);
    const ended = await discard(undefined, "--all", "--yes");
    expect(ended).toMatchObject({ exitCode: 1, printed: "" });
    expect(ended.told).toMatch(/No secret key is at hand.*configuration file/);
    expect(await headersWith([first, second])).toEqual([{ "X-Key": "value 0" }, { "X-Key": "value 1" }]);
  });

  test("destroys nothing with a key that opens none of the values, until it is told --all", async () => {
    await fill([first, second]);
    const ended = await discard(third, "--yes");
    expect(ended).toMatchObject({ exitCode: 1, printed: "" });
    expect(ended.told).toMatch(/None of the 2 sealed values.*--all --yes/);
    expect(await headersWith([first, second])).toHaveLength(2);
    expect(await discard(third, "--all", "--yes")).toMatchObject({
      exitCode: 0,
      printed: JSON.stringify({ webhooks: [1, 2] }),
    });
    expect(await headersWith([third])).toEqual([{}, {}]);
  });

  test("says how many values it would take out, and waits for --yes", async () => {
    await fill([first, second]);
    const ended = await discard(second);
    expect(ended).toMatchObject({ exitCode: 1, printed: "" });
    expect(ended.told).toMatch(/1 of 2 sealed values.*webhook 1\b.*--yes/);
    expect(await headersWith([first, second])).toHaveLength(2);
    expect(await discard(second, "--yes")).toMatchObject({ exitCode: 0, printed: '{"webhooks":[1]}' });
    expect(await headersWith([second])).toEqual([{}, { "X-Key": "value 1" }]);
  });

  test("has nothing to ask where every value opens", async () => {
    await fill([first]);
    writeFileSync(folder.secretKey, first);
    expect(await discard(undefined)).toMatchObject({ exitCode: 0, printed: '{"webhooks":[]}' });
  });
});

/** A webhook for each key, sealed with it. */
async function fill(keys: readonly string[]): Promise<void> {
  await withWebhooks([], async (webhooks) => {
    for (const [index, key] of keys.entries()) {
      await webhooks.unlock([key]);
      await webhooks.create(newWebhook({ headers: { "X-Key": `value ${index}` } }), 1);
    }
  });
}

function headersWith(keys: readonly string[]): Promise<readonly unknown[]> {
  return withWebhooks(keys, async (webhooks) =>
    (await webhooks.list(1 as OrganizationId, {}, {})).map(({ headers }) => headers),
  );
}

async function withWebhooks<Result>(
  keys: readonly string[],
  work: (webhooks: SealedWebhooks) => Promise<Result>,
): Promise<Result> {
  const store = sqlite({ file: folder.database });
  await store.open();
  try {
    const webhooks = new SealedWebhooks(store.webhooks);
    await webhooks.unlock(keys);
    return await work(webhooks);
  } finally {
    await store.close();
  }
}

async function discard(key: string | undefined, ...options: readonly string[]) {
  const printed: string[] = [];
  const told: string[] = [];
  const exitCode = await runProgram(["secrets", "discard-unreadable", "--json", ...options], {
    environment: {
      HOOKWRIGHT_DATA: folder.path,
      ...(key === undefined ? {} : { HOOKWRIGHT_SECRET_KEY: key }),
    },
    stdin: (async function* () {})(),
    print: (text) => void printed.push(text),
    tell: (text) => void told.push(text),
    draw: () => undefined,
    fail: () => undefined,
    terminal: false,
    typed: false,
  });
  return { exitCode, printed: printed.join("\n"), told: told.join("\n") };
}
