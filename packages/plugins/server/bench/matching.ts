import { createWebhooks, type Store, type Webhooks } from "@hookwright/core";
import { atOnce, median, rate, report } from "./measure.ts";

const few = 100;
const many = 100_000;
const rounds = 5;
const emitsARound = 5_000;

/** Never resolved: nothing is delivered, only the emit is measured. */
const url = "http://nobody.invalid/hook";

/** What an emit costs with 100,000 registered webhooks of which one matches, against 100 of which one matches. */
export async function benchMatching(open: (name: string) => Store): Promise<void> {
  const hosts = [await hostWith(open("few"), few), await hostWith(open("many"), many)];
  try {
    const [withFew, withMany] = hosts;
    if (withFew === undefined || withMany === undefined) return;
    await emitAll(withFew, 2_000);
    await emitAll(withMany, 2_000);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const fewRate = await rate(emitsARound, (count) => emitAll(withFew, count));
      const manyRate = await rate(emitsARound, (count) => emitAll(withMany, count));
      ratios.push(fewRate / manyRate);
    }
    report("cost of an emit, 100,000 webhooks to 100", `${median(ratios).toFixed(2)} times`, "at most 1.20 times");
  } finally {
    for (const host of hosts) await host.stop();
  }
}

async function hostWith(store: Store, webhooks: number): Promise<Webhooks> {
  const hooks = await createWebhooks({ store });
  await hooks.start({ deliver: false });
  await hooks.webhooks.create({ url, project: 12, actions: ["TASKS_CREATED"] });
  await atOnce(256, webhooks - 1, (index) =>
    hooks.webhooks.create({ url, project: index % 2 === 0 ? 12 : index + 100, actions: ["TASKS_DELETED"] }),
  );
  return hooks;
}

async function emitAll(hooks: Webhooks, count: number): Promise<void> {
  await atOnce(64, count, () => hooks.emit("TASKS_CREATED", { tasks: [{ id: 1 }] }, { project: 12 }));
}
