import { createWebhooks, type Store, type Webhooks } from "@hookwright/core";
import { request } from "undici";
import { atOnce, median, rate, report } from "./measure.ts";
import { startReceiver } from "./receiver-process.ts";

const width = 64;
const rounds = 5;
const deliveriesARound = 20_000;

/** Accepted and not yet recorded: enough to keep the worker busy, bounded as a real producer's would be. */
const mostOutstanding = 512;

/** 1 KB on the wire. */
const payload = { tasks: [{ id: 1, data: { text: "x".repeat(930) } }] };

/**
 * Deliveries from emit to recorded attempt, against a bare `undici.request` loop: same receiver in another process, same bytes, 64 at
 * once, turn by turn in one run, so that only the ratio counts and not the machine.
 */
export async function benchDeliveries(name: string, store: Store): Promise<void> {
  const receiver = await startReceiver();
  const hooks = await createWebhooks({ store, settings: { allowTargets: "loopback" } });
  try {
    await hooks.start();
    await hooks.webhooks.create({ url: receiver.url, project: 12, maxConcurrency: width });
    const body = JSON.stringify({ action: "TASKS_CREATED", ...payload, project: { id: 12 } });
    const bare = (count: number) => atOnce(width, count, () => bareRequest(receiver.url, body));
    const ours = (count: number) => deliver(hooks, count);
    await bare(5_000);
    await ours(5_000);
    const pairs: { readonly ours: number; readonly bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      pairs.push({ bare: await rate(deliveriesARound, bare), ours: await rate(deliveriesARound, ours) });
    }
    const ratios = pairs.map((pair) => pair.ours / pair.bare);
    const rates = pairs.map((pair) => `${Math.round(pair.ours)}/${Math.round(pair.bare)}`).join(" ");
    report(
      `deliveries on ${name}, of a bare undici loop`,
      `${median(ratios).toFixed(2)} (a second: ${rates})`,
      "at least 0.70",
    );
  } finally {
    await hooks.stop();
    await receiver.stop();
  }
}

async function bareRequest(url: string, body: string): Promise<void> {
  const answer = await request(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  await answer.body.text();
}

async function deliver(hooks: Webhooks, count: number): Promise<void> {
  let recorded = 0;
  let emitted = 0;
  await new Promise<void>((resolve, reject) => {
    const emitMore = (): void => {
      while (emitted < count && emitted - recorded < mostOutstanding) {
        emitted += 1;
        hooks.emit("TASKS_CREATED", payload, { project: 12 }).catch(reject);
      }
    };
    const dispose = hooks.on("attempt.recorded", ({ verdict }) => {
      if (verdict.kind !== "delivered") return reject(new Error("a delivery failed"));
      recorded += 1;
      if (recorded < count) return emitMore();
      dispose();
      resolve();
    });
    emitMore();
  });
}
