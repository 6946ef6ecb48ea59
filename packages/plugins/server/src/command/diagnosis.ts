import { existsSync } from "node:fs";
import { createServer } from "node:http";
import {
  createMemoryStore,
  createWebhooks,
  HookwrightError,
  parseAllowTargets,
  type ValueSurvey,
  version,
  type Webhooks,
} from "@hookwright/core";
import { surveyStored } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";
import { type DataFolder, openToOthers } from "../data-folder.js";
import { isServing, requestSurvey } from "../machine-socket.js";
import { messageOf } from "../outside-values.js";
import { knownSecretKeys } from "../secret-keys.js";
import { readSetting } from "../settings.js";
import { ApiClient } from "./api-client.js";
import { CommandError, type CommandIo, programName } from "./command-io.js";
import { fetchPlugins } from "./plugin-commands.js";
import { faultsOf, type PluginView } from "./plugins.js";
import { folderOf, tokenOf } from "./service-access.js";
import type { WebhookView } from "./webhook-view.js";

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What is so, or what is wrong and what to do. */
  readonly detail: string;
}

/** Answers with what is so, throws with what is wrong. */
type Check = (io: CommandIo) => Promise<string>;

const reachable = "service reachable";

/** Checks that have nothing to ask where no service answers. */
const serviceChecks: Readonly<Record<string, Check>> = {
  "service version": checkVersion,
  "token valid": checkToken,
  plugins: checkPlugins,
  webhooks: checkWebhooks,
};

/** In the order in which a person would look. */
const checks: Readonly<Record<string, Check>> = {
  "node version": checkNode,
  [reachable]: checkReachable,
  ...serviceChecks,
  "data folder": checkFolder,
  database: checkDatabase,
  "stored secrets": checkSecrets,
  "loopback delivery": checkDelivery,
};

/** Runs every check. */
export async function diagnose(io: CommandIo): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [check, run] of Object.entries(checks)) {
    const unanswered = check in serviceChecks && findings.some((finding) => finding.check === reachable && !finding.ok);
    const finding = unanswered ? { check, ok: false, detail: "unknown: no service answers" } : undefined;
    findings.push(finding ?? (await find({ check, run, io })));
  }
  return findings;
}

async function find({ check, run, io }: { check: string; run: Check; io: CommandIo }): Promise<Finding> {
  try {
    return { check, ok: true, detail: await run(io) };
  } catch (error) {
    return { check, ok: false, detail: messageOf(error) };
  }
}

/** The first versions of each line with everything that is used here. */
async function checkNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.version;
  throw new CommandError(`${process.version} is too old: install Node 22.19 or newer.`);
}

async function checkReachable(io: CommandIo): Promise<string> {
  const client = new ApiClient(io);
  const { status } = await client.probe("/health");
  if (status === 200) return client.url.origin;
  throw new CommandError(`${client.url.origin} answers ${status} on /health: is it Hookwright that listens there?`);
}

async function checkVersion(io: CommandIo): Promise<string> {
  const { text } = await new ApiClient(io).probe("/version");
  const answer: unknown = JSON.parse(text);
  const running = typeof answer === "object" && answer !== null && "version" in answer ? String(answer.version) : "?";
  if (running === version) return running;
  throw new CommandError(`The service is version ${running}, this command ${version}: use the same for both.`);
}

async function checkToken(io: CommandIo): Promise<string> {
  await new ApiClient(io).get("/api/webhooks/", { limit: 1 });
  return `from ${tokenOf(io).source}`;
}

async function checkPlugins(io: CommandIo): Promise<string> {
  const { results } = await fetchPlugins<PluginView>(io);
  const faults = results.flatMap(faultsOf);
  if (faults.length === 0) return `${results.length} started`;
  throw new CommandError(faults.join("; "));
}

/** Those that were switched off because of their receivers: nobody decided that, and what comes meanwhile is not theirs. */
async function checkWebhooks(io: CommandIo): Promise<string> {
  const { text } = await new ApiClient(io).get("/api/webhooks/");
  // The documented answer of that route.
  const webhooks = JSON.parse(text) as readonly WebhookView[];
  const off = webhooks.filter(({ disabled_reason: reason }) => reason === "failures" || reason === "gone");
  if (off.length === 0) return webhooks.length === 0 ? "there are none" : `none of ${webhooks.length} was deactivated`;
  const named = off.slice(0, mostNamed).map(({ id, disabled_reason: reason }) => `${id} (${reason})`);
  if (off.length > mostNamed) named.push("…");
  throw new CommandError(
    `${off.length} of ${webhooks.length} were deactivated: ${named.join(", ")}. New events get no delivery for them; switch one on with "${programName(io.environment)} webhooks edit ID --active".`,
  );
}

/** Webhooks that are named in one line. */
const mostNamed = 20;

async function checkFolder(io: CommandIo): Promise<string> {
  const folder = folderOf(io);
  if (!existsSync(folder.path)) return `${folder.path} is not there yet: the first start makes it`;
  refuseOpen(folder.path, "0700");
  for (const file of [folder.token, folder.secretKey, folder.database]) refuseOpen(file, "0600");
  return `${folder.path}, open to its owner only`;
}

function refuseOpen(path: string, rights: string): void {
  const advice = openToOthers(path, rights);
  if (advice !== undefined) throw new CommandError(advice);
}

async function checkDatabase(io: CommandIo): Promise<string> {
  const folder = folderOf(io);
  if (!existsSync(folder.database)) return "none yet: the first start makes it";
  if (await isServing(folder)) return "in use by the running service";
  const store = sqlite({ file: folder.database });
  await store.open();
  await store.close();
  return `${folder.database} opens`;
}

async function checkSecrets(io: CommandIo): Promise<string> {
  const folder = folderOf(io);
  if (!existsSync(folder.database)) return "none yet: the first start makes a key";
  const answer = await requestSurvey(folder);
  if (answer?.kind === "refused") throw new CommandError(`The running service could not tell: ${answer.reason}`);
  const { counts } = answer?.value ?? (await surveyOffline(folder, io));
  const [all, sealed] = [sum(Object.values(counts)), counts["newest-key"]];
  if (counts["unknown-key"] > 0)
    throw new CommandError(
      `${counts["unknown-key"]} of ${all} stored values cannot be opened: set HOOKWRIGHT_SECRET_KEY to the key that sealed them, or put the file ${folder.secretKey} back.`,
    );
  if (sealed < all)
    throw new CommandError(
      `${counts.plain} of ${all} stored values are not sealed, and ${counts["older-key"]} with an older key: run "${programName(io.environment)} secrets rotate-key".`,
    );
  return all === 0 ? "there are none" : `${all} in all, sealed with the newest key`;
}

async function surveyOffline(folder: DataFolder, io: CommandIo): Promise<ValueSurvey> {
  const keys = knownSecretKeys(readSetting("HOOKWRIGHT_SECRET_KEY", io), folder);
  const store = sqlite({ file: folder.database });
  await store.open();
  try {
    return await surveyStored(store.webhooks, keys);
  } finally {
    await store.close();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A delivery from this process to a receiver of its own, through the guard with the rules that are set: it must arrive where they allow loopback, and must not where they don't. */
async function checkDelivery(io: CommandIo): Promise<string> {
  const allowTargets = readSetting("HOOKWRIGHT_ALLOW_TARGETS", io);
  const receiver = createServer((request, answer) => request.resume().on("end", () => answer.end()));
  await new Promise<void>((resolve, reject) => receiver.once("error", reject).listen(0, "127.0.0.1", resolve));
  const hooks = await createWebhooks({ store: createMemoryStore(), settings: { allowTargets, timeout: 5_000 } });
  try {
    await hooks.start();
    const address = receiver.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return await deliverTo(`http://127.0.0.1:${port}/`, { hooks, allowed: parseAllowTargets(allowTargets).loopback });
  } finally {
    await hooks.stop();
    receiver.close();
  }
}

interface Delivering {
  readonly hooks: Webhooks;
  readonly allowed: boolean;
}

async function deliverTo(url: string, { hooks, allowed }: Delivering): Promise<string> {
  const rules = "HOOKWRIGHT_ALLOW_TARGETS, as it is set for this command,";
  const webhook = await createUnlessRefused(url, hooks);
  if (webhook === undefined) {
    if (allowed) throw new CommandError(`${rules} opens loopback, and the guard refused it all the same.`);
    return `refused, as it should be: ${rules} does not open loopback`;
  }
  const { delivery, attempts } = await hooks.webhooks.test(webhook);
  const [attempt] = attempts;
  if (delivery.status === "delivered")
    return `arrived in ${Math.round(attempt?.duration ?? 0)} ms; sent by this command to itself, not by the service`;
  throw new CommandError(`It did not arrive (${attempt?.code}): ${attempt?.error}`);
}

async function createUnlessRefused(url: string, hooks: Webhooks): Promise<number | undefined> {
  try {
    return (await hooks.webhooks.create({ url, project: 1 })).id;
  } catch (error) {
    if (error instanceof HookwrightError && error.code === "webhook_invalid") return undefined;
    throw error;
  }
}
