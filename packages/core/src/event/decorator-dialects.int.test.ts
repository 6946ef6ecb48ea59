import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definitionOf } from "./event-class.js";

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
const compiler = fileURLToPath(new URL("../../../../node_modules/typescript/bin/tsc", import.meta.url));
const nodeTypes = fileURLToPath(new URL("../../../../node_modules/@types", import.meta.url));

const source = `
import { EventOf, WebhookEvent } from "@hookwright/core";
const schema = { type: "object", required: ["sku"], properties: { sku: { type: "string" } } } as const;
@WebhookEvent({ action: "STOCK_LOW", summary: "An article runs out.", example: { sku: "A-1" } })
export class StockLow extends EventOf(schema) {}
export const event = new StockLow({ sku: "B-2" });
`;

const wrongExample = source.replace('{ sku: "A-1" }', "{ sku: 5 }");

// The whole file of a platform team, compiled by the one compiler both ways.
describe.each([
  ["legacy", true],
  ["standard", false],
])("%s decorators", (_, experimentalDecorators) => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hookwright-decorators-"));
    await mkdir(join(folder, "node_modules/@hookwright"), { recursive: true });
    await symlink(packageFolder, join(folder, "node_modules/@hookwright/core"));
    await symlink(nodeTypes, join(folder, "node_modules/@types"));
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "es2022",
          lib: ["es2024", "esnext.disposable"],
          module: "nodenext",
          strict: true,
          skipLibCheck: true,
          types: ["node"],
          customConditions: ["@hookwright/source"],
          experimentalDecorators,
          noEmitOnError: true,
          outDir: "out",
        },
        files: ["stock.ts"],
      }),
    );
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("make a class an event", async () => {
    await compile(folder, source);
    const { StockLow, event } = await import(pathToFileURL(join(folder, "out/stock.js")).href);
    expect(definitionOf(StockLow)).toMatchObject({ action: "STOCK_LOW", key: "sku", example: { sku: "A-1" } });
    expect(definitionOf(event)).toBe(definitionOf(StockLow));
    expect(event.payload).toEqual({ sku: "B-2" });
  });

  test("check the example against the schema", async () => {
    await expect(compile(folder, wrongExample)).rejects.toMatchObject({
      stdout: expect.stringContaining("stock.ts(4,"),
    });
  });
});

async function compile(folder: string, text: string): Promise<void> {
  await writeFile(join(folder, "stock.ts"), text);
  await run(process.execPath, [compiler, "-p", folder, "--rootDir", folder]);
}
