import { BadPluginScene } from "./bad-plugin-scene.js";

/** What the same rounds come to in a host without a bad plugin. */
export interface Alone {
  readonly testimony: readonly string[];
  readonly heard: readonly string[];
  readonly registrations: readonly string[];
  /** That are left on the clock after the stop. */
  readonly timers: number;
}

let known: Promise<Alone> | undefined;

/** Made once: it does not depend on the case. */
export function alone(): Promise<Alone> {
  known ??= makeAlone();
  return known;
}

async function makeAlone(): Promise<Alone> {
  const scene = await BadPluginScene.open();
  for (const round of [1, 2, 3, 4]) await scene.round(round);
  const { testimony, heardByWitness: heard, registrations, clock } = scene;
  await scene.stop();
  return { testimony, heard, registrations, timers: clock.pendingTimers };
}
