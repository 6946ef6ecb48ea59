import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildProgram } from "../built-program.test.support.js";
import { Campaign, roundsOf, type Variant } from "./campaign.test.support.js";
import type { CrashPoint } from "./crash-points.test.support.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(buildProgram, 120_000);

describe("Kill test: a host on the SQLite store", () => proveKills("host"));
describe("Kill test: the service over HTTP", () => proveKills("service"));

/** The rounds of one campaign, on one database; each may be run alone too. */
function proveKills(variant: Variant): void {
  const seed = randomInt(2 ** 32);
  const rounds = roundsOf(variant);
  let campaign: Campaign;
  beforeAll(async () => {
    campaign = await Campaign.begin({ variant, seed });
  });
  afterAll(() => campaign.dispose());

  test.each(rounds.map((point, index) => [titleOf(point, index), point, rounds[index + 1]] as const))(
    "%s: nothing is lost, nothing recorded goes out again",
    async (_, point, next) => {
      expect(await campaign.round(point, next), `seed ${seed}`).toEqual([]);
    },
  );

  test("afterwards, when the receivers recover: everything accepted has its rightful end, in order, handlers exactly once", async () => {
    expect(await campaign.finish(), `seed ${seed}`).toEqual([]);
  });
}

function titleOf(point: CrashPoint | undefined, index: number): string {
  return point === undefined ? `killed at any moment (round ${index + 1})` : `killed when ${point.title}`;
}
