import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram, repository } from "./built-program.test.support.js";
import { put, runLine } from "./consumer.test.support.js";
import { HoldableReceiver } from "./holdable-receiver.test.support.js";
import { hookwright, type RunningService, startService, type World, world } from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const examples = ["active-learning", "dataset-versions", "tell-annotators", "train-after-annotations"];

test.each(examples)("%s is loaded by the service as its page says", async (example) => {
  const service = await started(example, world());
  const { stdout } = await hookwright(service.world, ["plugins", "list", "--json"]);
  const results: readonly { readonly name: string }[] = JSON.parse(stdout).results;
  expect(results.find(({ name }) => name === example)).toMatchObject({ state: "started", error: null });
});

test("the commands of a page lead to a request", async () => {
  const receiver = await HoldableReceiver.open();
  const service = await started("dataset-versions", world());
  const [, add = "", send = ""] = block("dataset-versions", "sh").split("\n");
  const target = /http:\S+/.exec(add)?.[0] ?? "";
  expect(await runLine(service.world, add.replace(target, receiver.url))).toMatchObject({ code: 0 });
  const tasks = ["send", "TASKS_CREATED", "--payload", "-", "--project", "1"];
  expect(await hookwright(service.world, tasks, '{"tasks":[{"id":1},{"id":2}]}')).toMatchObject({ code: 0 });
  // Two durable handlers run side by side: a version may be wanted before the change has been counted.
  for (let asked = 0; receiver.received.length === 0 && asked < 20; asked += 1) await runLine(service.world, send);
  const [received] = await receiver.until((requests) => requests.length > 0);
  expect(JSON.parse(received?.body ?? "")).toMatchObject({
    action: "DATASET_VERSION_CREATED",
    changes: { TASKS_CREATED: 2 },
  });
});

/** The service with an example, as its page starts it: by its path, or by a configuration file where it must be configured. */
async function started(example: string, here: World): Promise<RunningService> {
  const plugin = join(repository, "docs/examples", example, "src/plugin.ts");
  const config = /```ts\n/.test(pageOf(example)) ? block(example, "ts") : undefined;
  if (config === undefined) {
    expect(block(example, "sh")).toContain(`npm start -- --plugin docs/examples/${example}/src/plugin.ts`);
    return startService(here, "--plugin", plugin);
  }
  // The file stands beside the plugin; here it is elsewhere, and so are the packages.
  const server = import.meta.resolve("../dist/index.js");
  const moved = config
    .replace('"./plugin.ts"', JSON.stringify(pathToFileURL(plugin).href))
    .replace('"@hookwright/plugin-server"', JSON.stringify(server));
  put(here, "hookwright.config.mjs", moved);
  return startService(here, "--config", "hookwright.config.mjs");
}

function block(example: string, language: string): string {
  const text = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(pageOf(example))?.[1];
  if (text === undefined) throw new Error(`the page of ${example} has no ${language} block`);
  return text.trim();
}

function pageOf(example: string): string {
  return readFileSync(join(repository, "docs/examples", example, "README.md"), "utf8");
}
