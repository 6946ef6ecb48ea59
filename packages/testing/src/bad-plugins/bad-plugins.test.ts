import { describe, expect, test, vi } from "vitest";
import { actsOutOfTurn } from "./acts-out-of-turn.js";
import type { BadPluginCase } from "./bad-plugin-case.js";
import { blocksTheLoop } from "./blocks-the-loop.js";
import { emitsInCircles } from "./emits-in-circles.js";
import { floods } from "./floods.js";
import { leavesThingsBehind } from "./leaves-things-behind.js";
import { misusesNext } from "./misuses-next.js";
import { mutatesWhatItGets } from "./mutates-what-it-gets.js";
import { neverResolves } from "./never-resolves.js";
import { racesOnState } from "./races-on-state.js";
import { entrancesOf, runCase } from "./run-case.js";
import { schemaBombs } from "./schema-bombs.js";
import { takesWhatIsTaken } from "./takes-what-is-taken.js";
import { throwsInHooks } from "./throws-in-hooks.js";
import { twoCopiesOfCore } from "./two-copies-of-core.js";
import { unloadsWhileWaiting } from "./unloads-while-waiting.js";
import { wrongDependencies } from "./wrong-dependencies.js";
import { wrongManifestFields } from "./wrong-manifest-fields.js";

vi.resetModules();
const copyOfCore = await import("@hookwright/core");

const families: Readonly<Record<string, readonly BadPluginCase[]>> = {
  "has a wrong manifest": wrongManifestFields,
  "takes what is taken": takesWhatIsTaken,
  requires: wrongDependencies,
  "has a schema that is a bomb": schemaBombs,
  "throws in hooks": throwsInHooks,
  "never resolves": neverResolves,
  "blocks the event loop": blocksTheLoop,
  "misuses next": misusesNext,
  "mutates what it gets": mutatesWhatItGets,
  floods,
  "leaves things behind": leavesThingsBehind,
  "acts out of turn": actsOutOfTurn,
  "is unloaded while something waits": unloadsWhileWaiting,
  "races on its state": racesOnState,
  "emits in circles": emitsInCircles,
  "brings another copy of core": twoCopiesOfCore(copyOfCore),
};

describe.each(Object.entries(families))("a plugin that %s", (_family, cases) => {
  const runs = cases.flatMap((bad) => entrancesOf(bad).map((entrance) => [bad.name, entrance, bad] as const));

  test.each(runs)("%s (%s)", async (_name, entrance, bad) => {
    expect((await runCase(bad, entrance)).join("\n")).toBe("");
  });
});
