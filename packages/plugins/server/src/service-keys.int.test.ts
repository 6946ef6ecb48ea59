import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger, OrganizationId } from "@hookwright/core";
import { SealedWebhooks } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";
import { newWebhook } from "@hookwright/testing";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { type DataFolder, dataFolder } from "./data-folder.js";
import { createService } from "./service.js";
import { readSettings } from "./settings.js";

const key = "k".repeat(43);

let folder: DataFolder;
let warnings: string[];

beforeEach(() => {
  const path = mkdtempSync(join(tmpdir(), "service-keys-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  folder = dataFolder(path);
  warnings = [];
});

test("a key file that is missing while its values are stored is not replaced", async () => {
  const store = sqlite({ file: folder.database });
  await store.open();
  const webhooks = new SealedWebhooks(store.webhooks);
  await webhooks.unlock([key]);
  await webhooks.create(newWebhook({ organization: 1 as OrganizationId, headers: { "X-Key": "value" } }), 1);
  await store.close();

  await expect(start()).rejects.toMatchObject({
    code: "secret_unreadable",
    message: expect.stringMatching(/secret-key is missing.*1 .*webhook 1\b.*HOOKWRIGHT_SECRET_KEY/),
  });
  expect(readdirSync(folder.path)).not.toContain("secret-key");

  writeFileSync(folder.secretKey, key);
  await start();
});

test("drafts of secrets that a crash left behind are removed at the start, and nothing else is", async () => {
  for (const name of ["secret-key.0123456789ab", "token.ba9876543210", "secret-key.backup", "token.1"])
    writeFileSync(join(folder.path, name), key);
  await start();
  const names = readdirSync(folder.path).filter((name) => /^(?:secret-key|token)/.test(name));
  expect(names.sort()).toEqual(["secret-key", "secret-key.backup", "token", "token.1"]);
});

test("secrets that others may read are told of at the start", async () => {
  writeFileSync(folder.secretKey, key);
  chmodSync(folder.secretKey, 0o640);
  await start();
  expect(warnings).toEqual([`${folder.secretKey} is open to others (640): chmod 0600 it.`]);
});

async function start(): Promise<void> {
  const environment = { HOOKWRIGHT_DATA: folder.path, HOOKWRIGHT_PORT: "0" };
  const ignore = (): void => undefined;
  const logger: Logger = {
    isEnabled: () => true,
    debug: ignore,
    info: ignore,
    warn: (message) => void warnings.push(message),
    error: ignore,
  };
  const service = await createService(readSettings({ environment, terminal: false }), logger);
  onTestFinished(() => service.stop());
  await service.start();
}
