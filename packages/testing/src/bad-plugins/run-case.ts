import type { PluginState } from "@hookwright/core";
import { type Alone, alone } from "./alone.js";
import type { BadPluginCase, Contained, Entrance, FailsToStart, Sign } from "./bad-plugin-case.js";
import { BadPluginScene } from "./bad-plugin-scene.js";
import { isLike, isSeen, misplacedBlame } from "./judge-signs.js";
import { Notebook } from "./notebook.js";
import { nameOf } from "./plugin-name.js";
import { refusedAtBoot, refusedAtLoad } from "./run-refused-case.js";
import { difference, shown, shownEvidence } from "./tell-difference.js";

/**
 * Runs a case in a host with the witness, and tells all that was not as it must be; nothing when the fault was caught or
 * contained, the blame is right, the witness's deliveries came through unchanged before, while and after it, and nothing is left.
 */
export function runCase(bad: BadPluginCase, entrance: Entrance): Promise<readonly string[]> {
  const { expectation } = bad;
  if (expectation.kind === "refused-at-boot" || expectation.kind === "stops-the-start") {
    return entrance === "boot" ? refusedAtBoot(bad, expectation) : refusedAtLoad(bad, expectation);
  }
  return new CaseRun(bad, expectation, entrance).run();
}

/** The ways in which a case can be run: plugins that are bad together are loaded one by one, which is another situation. */
export function entrancesOf({ plugins, expectation, entrances }: BadPluginCase): readonly Entrance[] {
  if (entrances !== undefined) return entrances;
  const isGroup = plugins(new Notebook()).length > 1;
  return expectation.kind !== "contained" && isGroup ? ["boot"] : ["boot", "load"];
}

/** Owns one run of plugins that get past the checks. */
class CaseRun {
  readonly #case: BadPluginCase;
  readonly #expectation: Contained | FailsToStart;
  readonly #entrance: Entrance;
  readonly #faults: string[] = [];
  #names: readonly string[] = [];

  constructor(bad: BadPluginCase, expectation: Contained | FailsToStart, entrance: Entrance) {
    this.#case = bad;
    this.#expectation = expectation;
    this.#entrance = entrance;
  }

  async run(): Promise<readonly string[]> {
    const bare = await alone();
    const scene = await this.#enter();
    await this.#provoke(scene);
    await this.#judgeFault(scene);
    await this.#judgeRound(scene, 3);
    await this.#unloadAll(scene);
    await this.#judgeRound(scene, 4);
    if (this.#expectation.kind === "contained") await this.#judgeSigns(scene, this.#expectation.later ?? []);
    this.#note(difference("the registrations after the unload", bare.registrations, scene.registrations));
    await this.#judgeEnd(scene, bare);
    return this.#faults;
  }

  /** A host in which the bad plugins are, after the first round. */
  async #enter(): Promise<BadPluginScene> {
    const { plugins } = this.#case;
    const notebook = new Notebook();
    const bad = plugins(notebook);
    this.#names = bad.map(nameOf);
    const scene = await BadPluginScene.open({ notebook, plugins: this.#entrance === "boot" ? bad : [] });
    scene.badPlugins = bad;
    await this.#judgeRound(scene, 1);
    if (this.#entrance === "load") for (const plugin of bad) await this.#load(scene, plugin);
    return scene;
  }

  async #load(scene: BadPluginScene, plugin: unknown): Promise<void> {
    const { kind } = this.#expectation;
    const error = await scene.load(plugin).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined || kind === "contained")
      return this.#note(error === undefined ? [] : [`load: ${String(error)}`]);
    const { code, tells } = this.#expectation;
    const isAsTold = isLike(error, { code }) && tells.every((text) => String(error).includes(text));
    if (!isAsTold)
      this.#faults.push(`load was to throw ${code} telling ${tells.join(", ")}, and threw ${String(error)}`);
  }

  async #provoke(scene: BadPluginScene): Promise<void> {
    const { provoke } = this.#case;
    const { kind } = this.#expectation;
    const isNothingToDo = provoke === undefined && kind === "fails-to-start";
    const provoking = provoke?.(scene) ?? (isNothingToDo ? Promise.resolve() : scene.emitBad());
    // Whoever waits for it waits below.
    provoking.catch(() => undefined);
    await this.#judgeRound(scene, 2);
    await provoking;
  }

  async #judgeFault(scene: BadPluginScene): Promise<void> {
    await this.#judgeSigns(scene, this.#expectation.signs ?? []);
    this.#note(this.#unlikeStates(scene));
  }

  async #judgeSigns(scene: BadPluginScene, signs: readonly Sign[]): Promise<void> {
    const unseen = async (): Promise<readonly Sign[]> => {
      const evidence = await scene.evidence();
      return signs.filter((sign) => !isSeen(sign, evidence));
    };
    if (signs.length === 0 || (await scene.comes(async () => (await unseen()).length === 0))) return;
    const left = await unseen();
    this.#faults.push(...left.map((sign) => `not seen: ${shown(sign)}`), shownEvidence(await scene.evidence()));
  }

  /** What the host says of each bad plugin while it is there. */
  #unlikeStates(scene: BadPluginScene): readonly string[] {
    const wanted = this.#expectation;
    const found = new Map(scene.hooks.plugins.status().map((status) => [status.name, status]));
    if (wanted.kind === "contained") {
      const others = this.#names.filter((name) => found.get(name)?.state !== stateOf(wanted, name));
      return others.map((name) => `the state of ${name} is told as ${found.get(name)?.state}`);
    }
    // A load that failed leaves nothing.
    if (this.#entrance === "load")
      return this.#names.filter((name) => found.has(name)).map((name) => `${name} was left`);
    const { code, tells, waiting = [] } = wanted;
    return this.#names.flatMap((name) => {
      const { state, error } = found.get(name) ?? { state: "missing", error: undefined };
      const isWaiting = waiting.includes(name) && state === "waiting";
      const isFailed =
        state === "failed" && error?.code === code && tells.every((text) => error.message.includes(text));
      return isWaiting || isFailed
        ? []
        : [`the state of ${name} is told as ${state}, ${error?.code}, ${error?.message}`];
    });
  }

  /** One more call of the witness: it arrives at once, unless this fault is one that holds others up. */
  async #judgeRound(scene: BadPluginScene, round: number): Promise<void> {
    const { holdsUp } = this.#expectation.kind === "contained" ? this.#expectation : { holdsUp: undefined };
    await scene.round(round);
    const { testimony } = await alone();
    const wanted = testimony.filter((line) => line.includes(`"round":${round}`));
    const isThere = (): boolean => wanted.every((line) => scene.testimony.includes(line));
    if (isThere() || (holdsUp === "unload" && round < 4)) return;
    if (holdsUp !== undefined && (await scene.comes(isThere))) return;
    this.#faults.push(`round ${round} of the witness did not arrive; there are:`, ...scene.testimony);
  }

  async #unloadAll(scene: BadPluginScene): Promise<void> {
    for (const name of this.#names.toReversed()) {
      if (scene.hooks.plugins.status().some((status) => status.name === name)) await scene.unload(name);
    }
    await scene.notebook.goOn();
  }

  async #judgeEnd(scene: BadPluginScene, bare: Alone): Promise<void> {
    const { leaves = [] } = this.#expectation;
    const isHeard = (): boolean => difference("heard", bare.heard, scene.heardByWitness).length === 0;
    // A middleware may still be waited for that has a delivery in hand which was answered.
    await scene.comes(isHeard);
    this.#note(misplacedBlame(this.#names, await scene.evidence()));
    const leaks = await scene.stop();
    this.#note(difference("what the witness sent", bare.testimony, scene.testimony));
    this.#note(difference("what the witness heard", bare.heard, scene.heardByWitness));
    this.#note(
      leaves.filter((text) => !leaks.some((leak) => leak.includes(text))).map((text) => `no leak was found: ${text}`),
    );
    if (leaks.length !== leaves.length) this.#note(leaks.map((leak) => `left behind: ${leak}`));
    if (scene.clock.pendingTimers > bare.timers)
      this.#faults.push(`${scene.clock.pendingTimers} timers are left on the clock`);
    this.#note(misplacedBlame(this.#names, await scene.evidence()));
  }

  #note(faults: readonly string[]): void {
    this.#faults.push(...faults);
  }
}

/** `undefined` where it is not there any more. */
function stateOf({ states = {} }: Contained, name: string): PluginState | undefined {
  return Object.hasOwn(states, name) ? states[name] : "started";
}
