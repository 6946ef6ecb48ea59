import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Attempt, EmitEntry, NewWebhook, OrganizationId, Store, Webhook } from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { sqlite } from "../dist/index.js";

/**
 * `node bench/purge.bench.ts [deliveries] [pause]`: whether retention is felt. Fills a history, then stores and settles at a
 * steady rate, alone and while the history is removed, in turn. Between two steps of the removal is the service's pause, or
 * another one in milliseconds.
 */
const history = Number(process.argv[2] ?? 300_000);
const pause = Number(process.argv[3] ?? 20);
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

/** The removal of the history, as the service does it. */
class PausedPurge {
  readonly #store: Store;
  readonly #cutoff: number;
  readonly #steps: number[] = [];
  #isStopped = false;
  isOver = false;

  constructor(of: Store, before: number) {
    this.#store = of;
    this.#cutoff = before;
  }

  async run(): Promise<void> {
    this.#isStopped = false;
    while (!this.isOver && !this.#isStopped) {
      const start = performance.now();
      this.isOver = !(await this.#store.attempts.purge(this.#cutoff, now));
      this.#steps.push(performance.now() - start);
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  report(): string {
    return `${this.#steps.length} steps, each took ${quantiles(this.#steps)}`;
  }
}

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
  const purge = new PausedPurge(store, cutoff);
  const [alone, purged]: [number[], number[]] = [[], []];
  // In turn, so that what else the machine does falls on both.
  for (let turn = 0; turn < 40 && !purge.isOver; turn += 1) {
    await paced(store, webhooks, alone);
    const purging = purge.run();
    await paced(store, webhooks, purged);
    purge.stop();
    await purging;
  }
  console.log(`alone:        ${groupSize} stored and settled in ${quantiles(alone)}`);
  console.log(`while purged: ${groupSize} stored and settled in ${quantiles(purged)}`);
  console.log(purge.report());
} finally {
  await store.close();
  await rm(folder, { recursive: true, force: true });
}

/** Adds how long groups take from append to settled, at a steady pace. */
async function paced(of: Store, webhooks: readonly Webhook[], took: number[]): Promise<void> {
  const begun = performance.now();
  const groups: Promise<void>[] = [];
  for (let group = 0; group < pace / 2; group += 1) {
    const wait = begun + (group * 1_000) / pace - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    now = Date.now();
    const start = performance.now();
    groups.push(round(of, webhooks).then(() => void took.push(performance.now() - start)));
  }
  await Promise.all(groups);
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
    handshake: false,
    allowedRate: null,
  };
  return of.webhooks.create(webhook, now);
}
