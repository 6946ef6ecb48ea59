import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startService, type World, world } from "./program.test.support.js";

/** A plugin as a file, with this as the body of its setup. */
function pluginFile({ folder }: World, setup: string): string {
  const path = join(folder, "careless.mjs");
  const manifest = `{ name: "careless", version: "1.0.0", async setup(ctx) { ${setup} } }`;
  writeFileSync(path, `export default { manifest: ${manifest}, config: undefined };\n`);
  return path;
}

test.each([
  [
    "rejects later",
    "setTimeout(() => void Promise.reject(new Error('left behind')), 1);",
    "left a rejected promise behind",
  ],
  [
    "throws in a timer",
    "setTimeout(() => { throw new Error('left behind'); }, 1);",
    "threw where nobody could catch it",
  ],
  [
    "has an error event without a listener",
    "const { Readable } = await import('node:stream'); new Readable().destroy(new Error('left behind'));",
    "threw where nobody could catch it",
  ],
])("a plugin that %s is named in the log, and the service goes on", async (_what, setup, line) => {
  const of = world({ LOG_FORMAT: "json" });
  const service = await startService(of, "--plugin", pluginFile(of, setup));
  expect(JSON.parse(await service.process.told(new RegExp(`.*${line}.*\n`)))).toMatchObject({
    level: "error",
    plugin: "careless",
    code: "plugin_failed",
    error: { message: "left behind" },
  });
  const health = await fetch(`${service.url}/health`);
  expect(health.status).toBe(200);
  service.process.kill("SIGTERM");
  expect((await service.process.ended).code).toBe(0);
});

test.each([
  ["exception", "throw new Error('nobody');"],
  ["rejection", "void Promise.reject(new Error('nobody'));"],
])("an %s that is no plugin's stops the service, with exit code 1", async (_what, raise) => {
  const of = world({ LOG_FORMAT: "json" });
  const path = join(of.folder, "foreign.mjs");
  // Module code runs before anything is a plugin's: the operator's configuration could do the same.
  writeFileSync(
    path,
    `process.on("SIGUSR2", () => { ${raise} });\nexport default { manifest: { name: "foreign", version: "1.0.0" }, config: undefined };\n`,
  );
  const service = await startService(of, "--plugin", path);
  service.process.kill("SIGUSR2");
  const { code, stderr } = await service.process.ended;
  expect(code).toBe(1);
  expect(stderr).toContain("nobody");
});
