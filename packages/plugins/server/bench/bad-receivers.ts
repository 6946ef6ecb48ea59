import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createWebhooks, type Store, type Webhooks } from "@hookwright/core";
import { report } from "./measure.ts";
import type { Misbehaviour } from "./misbehaving-receivers.ts";

const well = 198;
/** 1 % of all. In a process of their own: what they do to themselves must not slow the others. */
const bad = 2;
/** Deliveries a second in all: what a busy service does, and far from all that this machine can. */
const ratePerSecond = 400;
/** Short, and turn by turn, so that whatever else the machine does falls on both. */
const turnMilliseconds = 1_000;
const turns = 5;

const kinds: readonly (readonly [Misbehaviour, Misbehaviour])[] = [
  ["hangs", "endless"],
  ["announces", "large-head"],
  ["many-headers", "never-reads"],
  ["tiny-chunks", "resets"],
];

/**
 * How long a delivery takes from emit to record at the receivers that are well, while 1 % of all hang or never end: the 99th
 * percentile, against that of the turns in between, in which nobody misbehaves.
 */
export async function benchBadReceivers(store: Store): Promise<void> {
  const [healthy, others] = [await startReceivers(well), await startReceivers(bad)];
  const hooks = await createWebhooks({ store, settings: { allowTargets: "loopback", maxConsecutiveFailures: 0 } });
  try {
    await hooks.start();
    for (const [index, port] of [...healthy.ports, ...others.ports].entries())
      await hooks.webhooks.create({ url: `http://127.0.0.1:${port}/hook`, project: index + 1 });
    await runTurn(hooks);
    const all = { alone: [] as number[], beside: [] as number[] };
    const shown: string[] = [];
    for (const [first, second] of kinds) {
      const pair = { alone: [] as number[], beside: [] as number[] };
      for (let turn = 0; turn < turns; turn += 1) {
        await tell(others.child, {});
        pair.alone.push(...(await runTurn(hooks)));
        await tell(others.child, { 0: first, 1: second });
        pair.beside.push(...(await runTurn(hooks)));
      }
      all.alone.push(...pair.alone);
      all.beside.push(...pair.beside);
      shown.push(`${first}+${second} ${percentile(pair.beside).toFixed(1)}/${percentile(pair.alone).toFixed(1)}`);
    }
    const ratio = percentile(all.beside) / percentile(all.alone);
    report("99th percentile beside 1 % bad receivers", `${ratio.toFixed(2)} (ms: ${shown.join(", ")})`, "at most 1.25");
  } finally {
    await hooks.stop({ timeout: 2_000 });
    for (const { child } of [healthy, others]) await end(child);
  }
}

interface Receivers {
  readonly child: ChildProcess;
  readonly ports: readonly number[];
}

async function startReceivers(count: number): Promise<Receivers> {
  const child = fork(new URL("misbehaving-receivers.ts", import.meta.url), [String(count)]);
  const [ports] = (await once(child, "message")) as [readonly number[]];
  return { child, ports };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.disconnect();
  await gone;
}

async function tell(child: ChildProcess, misbehaving: Readonly<Record<string, Misbehaviour>>): Promise<void> {
  const heard = once(child, "message");
  child.send(misbehaving);
  await heard;
}

/** Emits at the rate, each time to the next webhook, and gives the milliseconds of those deliveries whose receivers are well. */
async function runTurn(hooks: Webhooks): Promise<readonly number[]> {
  const emittedAt = new Map<string, number>();
  const took: number[] = [];
  const dispose = hooks.on("attempt.recorded", ({ message }) => {
    const at = emittedAt.get(message);
    if (at !== undefined) took.push(performance.now() - at);
    emittedAt.delete(message);
  });
  const begun = performance.now();
  for (let emitted = 0; performance.now() - begun < turnMilliseconds; ) {
    const due = Math.floor(((performance.now() - begun) * ratePerSecond) / 1_000);
    for (; emitted < due; emitted += 1) {
      const project = (emitted % (well + bad)) + 1;
      const at = performance.now();
      const tasks = [{ id: emitted }];
      void hooks.emit("TASKS_CREATED", { tasks }, { project }).then(({ id }) => {
        if (project <= well) emittedAt.set(id, at);
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  while (emittedAt.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  dispose();
  return took;
}

function percentile(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}
