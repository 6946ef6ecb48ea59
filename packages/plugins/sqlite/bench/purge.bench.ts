import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Attempt, EmitEntry, NewWebhook, OrganizationId, Store, Webhook } from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { sqlite } from "../dist/index.js";

/**
 * `node bench/purge.bench.ts [deliveries]`: whether retention is felt. Fills a history, then stores and settles at a steady rate,
 * first alone and then while the history is removed.
 */
const history = Number(process.argv[2] ?? 300_000);
const groupSize = 50;
/** Groups a second: 5,000 deliveries. */
const pace = 100;
const payload = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(500) }));

const attempt: Attempt = {
  number: 1,
  startedAt: 0,
  duration: 1.25,
  status: 200,
  code: null,
  error: null,
  excerpt: "ok",
  middleware: null,
  changedBy: [],
  slowedBy: [],
  headers: { "content-type": "application/json", "user-agent": "Hookwright/1.0.0" },
};

let now = Date.now() - 40 * 86_400_000;
const ids = new IdSource({ now: () => now, setTimer: () => ({ cancel: () => undefined }) });
const folder = await mkdtemp(join(tmpdir(), "hookwright-bench-"));
const file = join(folder, "hooks.db");
const store = sqlite({ file });
try {
  await store.open();
  const webhooks = await Promise.all(Array.from({ length: 200 }, (_, index) => create(store, 1 + (index % 20))));
  for (let stored = 0; stored < history; stored += 20 * groupSize) {
    now += 1_000;
    await Promise.all(Array.from({ length: 20 }, () => round(store, webhooks)));
  }
  const cutoff = now + 1;
  now = Date.now();
  console.log(`${history} deliveries in ${Math.round((await stat(file)).size / 2 ** 20)} MiB`);
  console.log("alone:       ", await paced(store, webhooks, () => false));
  const purge = purgeAll(store, cutoff);
  console.log("while purged:", await paced(store, webhooks, () => purge.isOver));
  console.log(await purge.report);
} finally {
  await store.close();
  await rm(folder, { recursive: true, force: true });
}

function purgeAll(of: Store, cutoff: number): { isOver: boolean; readonly report: Promise<string> } {
  const run = async (): Promise<string> => {
    const begun = performance.now();
    const steps: number[] = [];
    for (let more = true; more; ) {
      const start = performance.now();
      more = await of.attempts.purge(cutoff, now);
      steps.push(performance.now() - start);
    }
    state.isOver = true;
    const seconds = (performance.now() - begun) / 1_000;
    return `${steps.length} steps, ${Math.round(history / seconds)} deliveries removed a second, a step took ${quantiles(steps)}`;
  };
  const state = { isOver: false, report: Promise.resolve("") };
  state.report = run();
  return state;
}

/** How long a group takes from append to settled, at a steady pace. */
async function paced(of: Store, webhooks: readonly Webhook[], isOver: () => boolean): Promise<string> {
  const took: number[] = [];
  const begun = performance.now();
  const groups: Promise<void>[] = [];
  for (let group = 0; group < 10 * pace && !isOver(); group += 1) {
    const wait = begun + (group * 1_000) / pace - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    now = Date.now();
    const start = performance.now();
    groups.push(round(of, webhooks).then(() => void took.push(performance.now() - start)));
  }
  await Promise.all(groups);
  const rate = Math.round((groups.length * groupSize * 1_000) / (performance.now() - begun));
  return `${rate} deliveries a second, ${groupSize} stored and settled in ${quantiles(took)}`;
}

function quantiles(times: number[]): string {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  return `${at(0.5)} ms (median), ${at(0.99)} ms (99 %), ${at(1)} ms (longest)`;
}

async function round(of: Store, webhooks: readonly Webhook[]): Promise<void> {
  const entries = Array.from({ length: groupSize }, () =>
    entryFor(webhooks[Math.floor(Math.random() * webhooks.length)]),
  );
  const results = await of.messages.append(entries, { now, leaseUntil: now + 60_000, limit: groupSize });
  const leases = results.flatMap((result) => (result.kind === "stored" ? result.leases : []));
  const settlements = leases.map((lease) => {
    const { id: delivery, organization, webhook, attempt: fence, due } = lease;
    const verdict = { kind: "delivered" } as const;
    return { delivery, organization, webhook, fence, due, verdict, attempt, effect: { kind: "healthy" } as const };
  });
  await of.queue.settle(settlements, now);
}

function entryFor(webhook: Webhook | undefined): EmitEntry {
  if (webhook === undefined) throw new Error("There is no webhook.");
  const { id, organization } = webhook;
  const action = "TASKS_CREATED";
  const message = {
    id: ids.messageId(),
    organization,
    project: null,
    action,
    payload,
    variants: new Map(),
    hops: 0,
    createdAt: now,
  };
  const deliveries = [{ id: ids.deliveryId(), webhook: id, action, form: "full" as const }];
  return { organization, drafts: [{ message, deliveries }], basedOn: 1_000, idempotency: undefined };
}

function create(of: Store, organization: number): Promise<Webhook> {
  const webhook: NewWebhook = {
    // The number is the id.
    organization: organization as OrganizationId,
    project: null,
    url: "https://receiver.example/hook",
    sendPayload: true,
    sendForAllActions: true,
    actions: [],
    headers: {},
    isActive: true,
    retrySchedule: null,
    maxConcurrency: 1_000,
    rateLimit: null,
    ordered: false,
  };
  return of.webhooks.create(webhook, now);
}
