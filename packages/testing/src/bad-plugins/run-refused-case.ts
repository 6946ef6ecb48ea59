import { inspect } from "node:util";
import { BootError } from "@hookwright/core";
import { alone } from "./alone.js";
import type { BadPluginCase, RefusedAtBoot, StopsTheStart } from "./bad-plugin-case.js";
import { BadPluginScene } from "./bad-plugin-scene.js";
import { isLike, misplacedBlame } from "./judge-signs.js";
import { Notebook } from "./notebook.js";
import { nameOf } from "./plugin-name.js";
import { difference, shown } from "./tell-difference.js";

type Refused = RefusedAtBoot | StopsTheStart;

/** A case of which no plugin may run, in a host that is to be made with it. */
export async function refusedAtBoot(bad: BadPluginCase, expectation: Refused): Promise<readonly string[]> {
  const notebook = new Notebook();
  const plugins = bad.plugins(notebook);
  const error: unknown = await BadPluginScene.open({ plugins }).then(
    async (scene) => void (await scene.stop()),
    (thrown: unknown) => thrown,
  );
  return [...unlikeRefusal(error, expectation), ...codeThatRan(notebook)];
}

/** The same in a host that runs, and goes on as if nothing had been. */
export async function refusedAtLoad(bad: BadPluginCase, expectation: Refused): Promise<readonly string[]> {
  const faults: string[] = [];
  const notebook = new Notebook();
  const scene = await BadPluginScene.open();
  await scene.round(1);
  const before = scene.registrations;
  const loading = scene.load(bad.plugins(notebook)[0]).catch((thrown: unknown) => thrown);
  await scene.round(2);
  faults.push(...unlikeRefusal(await loading, expectation));
  faults.push(...difference("the registrations", before, scene.registrations));
  await scene.round(3);
  await scene.round(4);
  faults.push(...difference("what the witness sent", (await alone()).testimony, scene.testimony));
  faults.push(...misplacedBlame(bad.plugins(new Notebook()).map(nameOf), await scene.evidence()));
  faults.push(...(await scene.stop()).map((leak) => `left behind: ${leak}`));
  return [...faults, ...codeThatRan(notebook)];
}

/** A setup may be tried; before the checks have ended nothing may. */
function codeThatRan({ notes }: Notebook): readonly string[] {
  return notes.map((note) => `its code ran: ${note}`);
}

function unlikeRefusal(error: unknown, expectation: Refused): readonly string[] {
  if (expectation.kind === "refused-at-boot") return unlikeBootError(error, expectation);
  const { code, tells } = expectation;
  const isAsTold = isLike(error, { code }) && tells.every((text) => String(error).includes(text));
  return isAsTold ? [] : [`expected ${code} telling ${tells.join(", ")}, found ${shown(error)}`];
}

function unlikeBootError(error: unknown, { problems, secrets = [] }: RefusedAtBoot): readonly string[] {
  if (!(error instanceof BootError)) return [`expected a BootError, found ${shown(error)}`];
  const told = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
  const leaked = secrets.filter((secret) => told.includes(secret)).map((secret) => `the error tells ${secret}`);
  const lines = error.problems.map(({ code, plugin, expected, found, fix }) => ({
    code,
    text: `${plugin}: expected ${expected}, found ${found}. ${fix}`,
  }));
  const missing = problems.filter(
    ({ code, tells }) => !lines.some((line) => line.code === code && tells.every((text) => line.text.includes(text))),
  );
  const untold = missing.map(({ code, tells }) => `no problem ${code} tells ${tells.join(", ")}`);
  const all = lines.map(({ code, text }) => `${code}: ${text}`).join("\n");
  const others =
    lines.length === problems.length ? [] : [`expected ${problems.length} problems, found ${lines.length}`];
  const faults = [...leaked, ...untold, ...others];
  return faults.length === 0 ? [] : [...faults, all];
}
