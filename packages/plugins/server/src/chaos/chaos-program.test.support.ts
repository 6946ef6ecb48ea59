// `npm run chaos`: kills children round by round, a thousand times unless told. `--rounds N`, `--seed S` (of the first
// campaign; printed), `--point "append: commit"` for one point only.

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { Campaign, type CampaignSummary, roundsOf, type Variant } from "./campaign.test.support.js";
import { crashPoints } from "./crash-points.test.support.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    point: { type: "string" },
  },
});
const wanted = Number(values.rounds);
const firstSeed = Number(values.seed);
const only = crashPoints.find(({ name }) => name === values.point);
if (!(wanted > 0) || !Number.isSafeInteger(firstSeed)) usage(`--rounds and --seed must be whole numbers`);
if (values.point !== undefined && only === undefined)
  usage(`--point must be one of: ${crashPoints.map(({ name }) => name).join(", ")}`);

const begun = performance.now();
const total = { kills: 0, accepted: 0, requests: 0, unrecorded: 0 };
const failures: string[] = [];
say(`${wanted} rounds, seed ${firstSeed}`);
for (let index = 0; total.kills < wanted; index += 1)
  await runCampaign(only === undefined && index % 2 === 1 ? "service" : "host", firstSeed + index);
summarise();
process.exitCode = failures.length === 0 ? 0 : 1;

async function runCampaign(variant: Variant, seed: number): Promise<void> {
  const campaign = await Campaign.begin({ variant, seed });
  const rounds = (only === undefined ? roundsOf(variant) : Array.from({ length: 40 }, () => only)).slice(
    0,
    wanted - total.kills,
  );
  const before = total.kills;
  try {
    for (const [index, point] of rounds.entries()) {
      book(await campaign.round(point, rounds[index + 1]), `${variant}, seed ${seed}, ${point?.name ?? "any moment"}`);
      progress(before + index + 1);
    }
    book(await campaign.finish(), `${variant}, seed ${seed}, at the end`);
    add(campaign.summary);
  } finally {
    await campaign.dispose();
  }
}

function book(faults: readonly string[], where: string): void {
  for (const fault of faults) {
    failures.push(`${where}: ${fault}`);
    say(`FAILED ${where}: ${fault}`);
  }
}

function add(summary: CampaignSummary): void {
  total.kills += summary.kills;
  total.accepted += summary.accepted;
  total.requests += summary.requests;
  total.unrecorded += summary.unrecorded;
}

function progress(done: number): void {
  const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
  const line = `${done} of ${wanted} kills in ${seconds} s, ${failures.length} failures`;
  if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
  else if (done % 50 === 0) say(line);
}

function summarise(): void {
  const { kills, accepted, requests, unrecorded } = total;
  if (process.stderr.isTTY) process.stderr.write("\n");
  process.stdout.write(
    `${kills} kills: ${accepted} events accepted, ${requests} requests received, ${unrecorded} of them in flight at a kill, ${failures.length} failures\n`,
  );
}

function say(line: string): void {
  process.stderr.write(`chaos: ${line}\n`);
}

function usage(problem: string): never {
  say(`${problem}. Usage: npm run chaos -- [--rounds 1000] [--seed 1] [--point "append: commit"]`);
  process.exit(2);
}
