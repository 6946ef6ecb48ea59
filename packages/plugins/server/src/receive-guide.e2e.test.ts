import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { generateSecret, sign } from "@hookwright/plugin-signing";
import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram, repository } from "./built-program.test.support.js";
import { argumentsOf, compile, put, runLine, runTests, withPackages } from "./consumer.test.support.js";
import { hookwright, startProcess, startProgram, startService, type World, world } from "./program.test.support.js";

beforeAll(buildProgram, 120_000);
vi.setConfig({ testTimeout: 60_000 });

const guide = readFileSync(join(repository, "docs/guides/receive-and-verify.md"), "utf8");

/** Every file of the guide: its name stands in backquotes above the block. */
const files = [...guide.matchAll(/^`([\w.-]+\.ts)`\n\n```ts\n(.*?)^```$/gms)].map(([, name = "", text = ""]) => ({
  name,
  text,
}));

/** Every line of the guide's shell blocks. */
const commands = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.trim().split("\n"));

test("every block of code is a file or a command", () => {
  const blocks = [...guide.matchAll(/^```(\w+)$/gm)].map(([, language = ""]) => language);
  expect(blocks.filter((language) => language === "ts")).toHaveLength(files.length);
  expect(new Set(blocks)).toEqual(new Set(["ts", "sh"]));
});

test("every file compiles, in its strictest form, and so does every example of the package", async () => {
  const here = saved();
  const examples = examplesOfPackage();
  expect(examples.length).toBeGreaterThan(5);
  for (const [index, text] of examples.entries()) put(here, `example-${index}.ts`, `${text}\nexport {};\n`);
  expect(await compile(here)).toMatchObject({ code: 0, stdout: "" });
});

test("the tests of the guide pass", async () => {
  const ended = await runTests(saved());
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/Tests +2 passed/) });
});

test("the commands lead from a webhook without a secret to a verified request, also while the secret is rotated", async () => {
  const service = await startService(saved());
  expect(await runLine(service.world, command("webhooks add", "--handshake"))).toMatchObject({ code: 0 });
  const made = await runLine(service.world, command("secret set"));
  put(service.world, "secret.txt", secretIn(made.stdout));
  const listener = startProgram(service.world, argumentsOf(command("listen").replace("9000", "0")));
  const url = await listener.line(/^http/);
  expect(await hookwright(service.world, ["webhooks", "edit", "1", "--url", url])).toMatchObject({ code: 0 });
  expect(await runLine(service.world, command("echo "))).toMatchObject({ code: 0 });
  await listener.line(/^Signature verified\.$/);

  const rotated = await runLine(service.world, command("secret rotate"));
  expect(secretIn(rotated.stdout)).not.toBe(secretIn(made.stdout));
  const other = startProgram(service.world, ["listen", "--json", "--secret", secretIn(rotated.stdout)]);
  const { url: address } = JSON.parse(await other.line(/^\{/));
  await hookwright(service.world, ["webhooks", "edit", "1", "--url", address]);
  await runLine(service.world, command("echo "));
  expect(JSON.parse(await other.line(/"verified"/))).toMatchObject({ verified: true });
});

test("the receiver takes what is signed with either of its secrets, once, and says why it takes no other", async () => {
  const [first, second] = [generateSecret(), generateSecret()];
  const url = await receiver("receiver.ts", { WEBHOOK_SECRETS: `${second} ${first}` });
  for (const secret of [first, second]) expect(await post(url, secret)).toEqual([204, ""]);
  expect(await post(url, generateSecret())).toEqual([401, "signature_mismatch"]);
  expect(await (await fetch(url, { method: "POST", body: "{}" })).text()).toBe("signature_missing");
});

test("the consenting receiver consents to its sender, and to no other", async () => {
  const [, file = ""] = /^PORT=9001 node_modules\/\.bin\/node (\S+)$/.exec(command("PORT=")) ?? [];
  const url = await receiver(file, {});
  const add = argumentsOf(command("--handshake").replace("http://127.0.0.1:9001/", url));
  const [, origin = ""] = /^HOOKWRIGHT_ORIGIN=(\S+) npm start$/.exec(command("HOOKWRIGHT_ORIGIN=")) ?? [];
  const friend = await startService(world({ HOOKWRIGHT_ORIGIN: origin }));
  const added = await hookwright(friend.world, [...add, "--json"]);
  expect(JSON.parse(added.stdout)).toMatchObject({ handshake: true, allowed_rate: 600 });
  expect(await hookwright(friend.world, ["webhooks", "test", "1"])).toMatchObject({ code: 0 });

  const stranger = await startService(world({ HOOKWRIGHT_ORIGIN: "stranger.example.com" }));
  const refused = await hookwright(stranger.world, add);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("from stranger.example.com with 403") });
  expect(await hookwright(stranger.world, ["webhooks", "list", "--json"])).toMatchObject({ stdout: "[]\n" });
});

/** A folder with every file of the guide. */
function saved(): World {
  const here = withPackages(world());
  for (const { name, text } of files) put(here, name, text);
  return here;
}

/** Those in the page of the signing package, and in the comments of what it exports. */
function examplesOfPackage(): readonly string[] {
  const folder = join(repository, "packages/plugins/signing");
  const comments = readdirSync(join(folder, "src"))
    .filter((name) => name.endsWith(".ts") && !name.includes(".test."))
    .map((name) => readFileSync(join(folder, "src", name), "utf8").replace(/^ \* ?/gm, ""));
  return [readFileSync(join(folder, "README.md"), "utf8"), ...comments].flatMap((text) =>
    [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, example = ""]) => example),
  );
}

/** The one line of the guide that has this text, and not that one. */
function command(text: string, without = "\0"): string {
  const [line, ...more] = commands.filter((known) => known.includes(text) && !known.includes(without));
  if (line === undefined || more.length > 0) throw new Error(`${more.length + 1} lines of the guide have ${text}`);
  return line;
}

function secretIn(text: string): string {
  return /whsec_\S+/.exec(text)?.[0] ?? "";
}

/** Starts a file of the guide on a free port. */
async function receiver(file: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const { folder } = saved();
  const running = startProcess({
    command: process.execPath,
    args: [file],
    cwd: folder,
    environment: { ...environment, PORT: "0" },
  });
  const [, port] = /port: (\d+)/.exec(await running.line(/port: \d+/)) ?? [];
  return `http://127.0.0.1:${port}/`;
}

/** One request, signed with this secret now. */
async function post(url: string, secret: string): Promise<readonly [number, string]> {
  const [id, timestamp, body] = ["msg_1", Math.floor(Date.now() / 1000), "{}"];
  const signature = sign({ id, timestamp, body }, secret);
  const headers = { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": signature };
  const answer = await fetch(url, { method: "POST", body, headers });
  return [answer.status, await answer.text()];
}
