import { beforeAll, describe, expect, test, vi } from "vitest";
import { buildProgram } from "../built-program.test.support.js";
import { put, withPackages } from "../consumer.test.support.js";
import { HoldableReceiver } from "../holdable-receiver.test.support.js";
import { type Ended, hookwright, startService, type World, world } from "../program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

/** A plugin as authors write it: TypeScript that Node strips of its types. */
const billing = `
  import { defineEvent, definePlugin } from "@hookwright/core";
  import { commands, defineCommand, defineRoute, routes } from "@hookwright/plugin-server";

  const paid = defineEvent({
    action: "INVOICE_PAID",
    aliases: ["INVOICE_SETTLED"],
    summary: "An invoice was settled.",
    schema: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
    example: { id: 1 },
  });

  const total: number = 1250;

  export default definePlugin({
    name: "billing",
    version: "1.4.0",
    events: [paid],
    config: { type: "object", properties: { currency: { type: "string", default: "EUR" }, key: { type: "string", writeOnly: true } } },
    setup(ctx) {
      ctx.handle("TASKS_CREATED", () => undefined);
      ctx.contribute(routes, defineRoute({
        method: "GET", path: "/total", summary: "The total",
        handle: ({ organization }) => ({ total, currency: ctx.config.currency, organization }),
      }));
      ctx.contribute(commands, defineCommand({
        name: "report", summary: "Print a month.", positional: ["month"],
        options: { type: "object", required: ["month"], properties: { month: { type: "string" }, csv: { type: "boolean" } } },
        run: ({ options }) => options.csv ? { month: options.month, total } : \`\${options.month}: \${total} \${ctx.config.currency}\`,
      }));
    },
  });`;

describe("a service with a plugin", () => {
  test("lists, shows, sends and tests its event, calls its route and its command", async () => {
    const here = withPackages(world());
    put(here, "plugins/billing.ts", billing);
    const service = await startService(here, "--plugin", "./plugins/billing.ts");
    const receiver = await HoldableReceiver.open();
    const run = (...args: readonly string[]) => hookwright(service.world, args);
    const json = async (...args: readonly string[]) => JSON.parse((await run(...args, "--json")).stdout);

    expect((await run("events", "list")).stdout).toMatch(/^INVOICE_PAID +project +billing +An invoice was settled\.$/m);
    expect((await run("events", "show", "INVOICE_SETTLED")).stdout).toMatch(/^from +billing@1\.4\.0$/m);
    expect(await json("events", "example", "INVOICE_PAID")).toEqual({ id: 1 });

    await run("webhooks", "add", receiver.url, "--project", "1", "--action", "INVOICE_SETTLED");
    const sent = await hookwright(
      service.world,
      ["send", "INVOICE_PAID", "--payload", "-", "--project", "1"],
      '{"id":7}',
    );
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining("to 1 webhook") });
    await receiver.until((received) => received.length === 1);
    expect(JSON.parse(receiver.received[0]?.body ?? "")).toEqual({
      action: "INVOICE_SETTLED",
      id: 7,
      project: { id: 1 },
    });
    expect(await run("webhooks", "test", "1", "--action", "INVOICE_PAID")).toMatchObject({ code: 0 });
    const refused = await hookwright(service.world, ["send", "INVOICE_PAID", "--payload", "-", "--project", "1"], "{}");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("/id: expected a value, found nothing") });

    expect((await run("plugins", "list")).stdout).toMatch(
      /^billing +1\.4\.0 +started +INVOICE_PAID +TASKS_CREATED +report$/m,
    );
    const { results } = await json("plugins", "list");
    expect(results).toMatchObject([
      { name: "server" },
      { name: "signing" },
      { name: "billing", state: "started", waiting_on: [], error: null },
    ]);
    expect((await run("doctor")).stdout).toMatch(/^ok +plugins +3 started$/m);

    const answer = await fetch(`${service.url}/api/plugins/billing/total/`, {
      headers: { authorization: `Token ${service.token}` },
    });
    expect(await answer.json()).toEqual({ total: 1250, currency: "EUR", organization: 1 });

    expect(await run("billing", "report", "2026-07")).toMatchObject({ code: 0, stdout: "2026-07: 1250 EUR\n" });
    expect(await json("billing", "report", "2026-07", "--csv")).toEqual({ output: { month: "2026-07", total: 1250 } });
    expect(await run("plugins", "run", "billing", "report", "2026-07", "--csv")).toMatchObject({
      code: 0,
      stdout: '{\n  "month": "2026-07",\n  "total": 1250\n}\n',
    });
    expect((await run("billing", "--help")).stdout).toBe("hookwright billing report <month> [--csv]  Print a month.\n");
    expect(await run("billing", "report")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("/month: expected"),
    });
    expect(await run("billing", "nothing")).toMatchObject({ code: 2, stderr: expect.stringContaining("report") });
    expect(await run("bilingual")).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown command") });
  });

  test("from a configuration file: by package, by file with a configuration, by value; --plugin comes after them", async () => {
    const here = withPackages(world());
    const plugin = (name: string) => `import { definePlugin } from "@hookwright/core";
      export default definePlugin({ name: "${name}", version: "1.0.0" });`;
    // A package that can only be imported, in a folder that is not the working directory.
    const folder = "deploy/node_modules/@acme/hookwright-audit";
    put(
      here,
      `${folder}/package.json`,
      '{"name":"@acme/hookwright-audit","type":"module","exports":{"import":"./main.js"}}',
    );
    put(here, `${folder}/main.js`, plugin("audit"));
    put(here, "deploy/billing.ts", billing);
    put(here, "mail.ts", plugin("mail"));
    put(
      here,
      "deploy/hooks.config.ts",
      `import { definePlugin } from "@hookwright/core";
       import { defineConfig } from "@hookwright/plugin-server";
       export default defineConfig({
         plugins: [
           "@acme/hookwright-audit",
           ["./billing.ts", { currency: "USD", key: process.env["BILLING_KEY"] }],
           definePlugin({ name: "value", version: "1.0.0" }),
         ],
       });`,
    );
    const secret = { ...here, environment: { BILLING_KEY: "s3cret-key" } };
    const service = await startService(secret, "--config", "deploy/hooks.config.ts", "--plugin", "mail.ts");
    const listed = await hookwright(service.world, ["plugins", "list", "--json"]);
    const { results } = JSON.parse(listed.stdout);
    expect(results.map(({ name }: { readonly name: string }) => name)).toEqual([
      "server",
      "signing",
      "audit",
      "billing",
      "value",
      "mail",
    ]);
    expect((await hookwright(service.world, ["billing", "report", "May"])).stdout).toBe("May: 1250 USD\n");
    expect(listed.stdout + service.process.stderr).not.toContain("s3cret-key");
  });
});

describe("plugins that cannot be loaded", () => {
  test("are told all at once, one line each, and nothing is started", async () => {
    const here = withPackages(world());
    put(here, "syntax.ts", "export default 1;\nconst a: = 3;\n");
    put(here, "enum.ts", "enum A { B }\nexport default A;\n");
    put(here, "throws.ts", `throw new Error("no currency");`);
    put(here, "empty.ts", "export const a = 1;");
    put(here, "other.ts", "export default { name: 'other' };");
    put(here, "imports.ts", `import "@acme/none"; export default 1;`);
    const paths = ["none.ts", "syntax.ts", "enum.ts", "throws.ts", "empty.ts", "other.ts", "imports.ts"];
    const ended = await start(here, ...paths.flatMap((path) => ["--plugin", path]));
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    const [title, ...lines] = ended.stderr.trimEnd().split("\n");
    expect(title).toBe("hookwright: The plugins have 7 problems:");
    expect(lines).toEqual([
      expect.stringMatching(
        /^- Plugin none\.ts \(--plugin\): expected the file \S+, found nothing there\. Correct the path\./,
      ),
      expect.stringMatching(/^- Plugin syntax\.ts .* found a fault of syntax in syntax\.ts, line 2: /),
      expect.stringMatching(
        /^- Plugin enum\.ts .* found TypeScript that is more than types: TypeScript enum is not supported/,
      ),
      expect.stringMatching(/^- Plugin throws\.ts .* found an error while it was loaded: no currency\./),
      expect.stringMatching(/^- Plugin empty\.ts .* found no default export\. Export the plugin as default\./),
      expect.stringMatching(/^- Plugin other\.ts .* found a value of type object\./),
      expect.stringMatching(
        /^- Plugin imports\.ts .* found an import that leads nowhere: Cannot find package '@acme\/none'/,
      ),
    ]);
  });

  test("one alone is one line; so is a package that is not installed", async () => {
    const here = withPackages(world());
    const missing = await start(here, "--plugin", "./none.ts");
    expect(missing.stderr).toMatch(/^hookwright: Plugin \.\/none\.ts \(--plugin\): expected the file .*\n$/);
    put(here, "hooks.config.ts", `export default { plugins: ["@acme/none"] };`);
    const absent = await start(here, "--config", "hooks.config.ts");
    expect(absent).toMatchObject({ code: 1, stdout: "" });
    expect(absent.stderr).toMatch(
      /^hookwright: Plugin @acme\/none \(plugins\[0\] in hooks\.config\.ts\): expected the package @acme\/none, .*\(npm install @acme\/none\).*\n$/,
    );
  });

  test("what core finds wrong with them is told the same way", async () => {
    const here = withPackages(world());
    put(here, "billing.ts", billing);
    put(here, "twin.ts", billing);
    put(
      here,
      "reports.ts",
      `import { definePlugin } from "@hookwright/core";
       export default definePlugin({ name: "reports", version: "1.0.0", requires: { biling: "^1.0.0" } });`,
    );
    const ended = await start(here, "--plugin", "billing.ts", "--plugin", "twin.ts", "--plugin", "reports.ts");
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    const lines = ended.stderr.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^hookwright: The plugins have \d problems:$/);
    expect(lines.join("\n")).toMatch(/^- Plugin billing@1\.4\.0: .*\(plugin_name_taken\)$/m);
    expect(lines.join("\n")).toMatch(/^- Plugin reports@1\.0\.0: .*billing.*\(plugin_missing\)$/m);
  });
});

describe("a plugin that fails", () => {
  const failing = `import { definePlugin } from "@hookwright/core";
    export default definePlugin({ name: "broken", version: "0.1.0", setup() { throw new Error("no currency"); } });`;
  const waiting = `import { definePlugin } from "@hookwright/core";
    export default definePlugin({ name: "reports", version: "2.0.0", requires: { broken: "*" } });`;

  test("while the others go on is told by plugins list and by doctor, and so is who waits for it", async () => {
    const here = withPackages(world({ HOOKWRIGHT_PLUGIN_FAILURE: "continue" }));
    put(here, "broken.ts", failing);
    put(here, "reports.ts", waiting);
    const service = await startService(here, "--plugin", "broken.ts", "--plugin", "reports.ts");
    const { stdout } = await hookwright(service.world, ["plugins", "list"]);
    expect(stdout).toMatch(/^broken +0\.1\.0 +failed /m);
    expect(stdout).toMatch(/^reports +2\.0\.0 +waiting /m);
    expect(stdout).toMatch(/^broken failed \(plugin_failed\): The log of the service says /m);
    expect(stdout).toMatch(/^reports waits for broken: /m);
    const doctor = await hookwright(service.world, ["doctor"]);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/^FAILED +plugins +broken failed .*; reports waits for broken: /m);
  });

  test("stops the start unless it is told otherwise, in one line", async () => {
    const here = withPackages(world());
    put(here, "broken.ts", failing);
    const ended = await start(here, "--plugin", "broken.ts");
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr.split("\n").filter((line) => line.startsWith("hookwright: "))).toEqual([
      expect.stringMatching(/broken@0\.1\.0.*no currency/),
    ]);
  });
});

function start(here: World, ...args: readonly string[]): Promise<Ended> {
  const environment = { HOOKWRIGHT_PORT: "0", ...here.environment };
  return hookwright({ ...here, environment }, ["start", ...args]);
}
