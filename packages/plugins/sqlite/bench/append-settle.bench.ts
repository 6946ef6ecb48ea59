import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type {
  Attempt,
  EmitEntry,
  Lease,
  NewWebhook,
  OrganizationId,
  Settlement,
  Store,
  Webhook,
} from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { sqlite } from "../dist/index.js";

/**
 * `node bench/append-settle.bench.ts [pairs]`: how many deliveries a second are stored and settled, with nothing sent between.
 * Groups of 50 events with one delivery each, some of them on the way at once, as a busy service has them.
 */
const pairs = Number(process.argv[2] ?? 100_000);
const groupSize = 50;
const payload = new TextEncoder().encode(JSON.stringify({ annotation: { id: 1, result: "x".repeat(960) } }));

const scenes = [
  { webhooks: 1, organizations: 1, atOnce: 1 },
  { webhooks: 1, organizations: 1, atOnce: 4 },
  { webhooks: 50, organizations: 1, atOnce: 4 },
  { webhooks: 1_000, organizations: 100, atOnce: 4 },
] as const;

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? "unknown processor"}`);
console.log(`${pairs} deliveries, payload ${payload.length} bytes, groups of ${groupSize}`);
for (const scene of scenes) await measure(scene);

interface Scene {
  readonly webhooks: number;
  readonly organizations: number;
  readonly atOnce: number;
}

async function measure(scene: Scene): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hookwright-bench-"));
  const store = sqlite({ file: join(folder, "hooks.db") });
  try {
    await store.open();
    const webhooks = await createWebhooks(store, scene);
    const cpu = process.cpuUsage();
    const stalls = watchStalls();
    const start = performance.now();
    await run(store, webhooks, scene.atOnce);
    const seconds = (performance.now() - start) / 1_000;
    const used = process.cpuUsage(cpu);
    const each = ((used.user + used.system) / pairs).toFixed(1);
    const text = `${scene.webhooks} webhooks of ${scene.organizations} organizations, ${scene.atOnce} groups at once`;
    console.log(
      `${text}: ${Math.round(pairs / seconds)} stored and settled a second, ${each} µs of processor time each, longest stall of a timer ${stalls()} ms`,
    );
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function createWebhooks(store: Store, scene: Scene): Promise<readonly Webhook[]> {
  const calls: Promise<Webhook>[] = [];
  for (let index = 0; index < scene.webhooks; index += 1) {
    calls.push(store.webhooks.create(newWebhook(1 + (index % scene.organizations)), Date.now()));
  }
  return Promise.all(calls);
}

/** Each line appends its next group while its last one is settled. */
async function run(store: Store, webhooks: readonly Webhook[], atOnce: number): Promise<void> {
  const ids = new IdSource({ now: Date.now, setTimer: () => ({ cancel: () => undefined }) });
  const versions = new Map<number, number>();
  for (const { organization, version } of webhooks) {
    versions.set(organization, Math.max(version, versions.get(organization) ?? 0));
  }
  let left = Math.floor(pairs / groupSize);
  let turn = 0;
  const entry = (): EmitEntry => {
    turn += 1;
    const webhook = webhooks[(turn * 7) % webhooks.length];
    if (webhook === undefined) throw new Error("There is no webhook.");
    return entryFor(webhook, ids, versions.get(webhook.organization) ?? 0);
  };
  const line = async (): Promise<void> => {
    let settled: Promise<unknown> = Promise.resolve();
    while (left > 0) {
      left -= 1;
      const now = Date.now();
      const entries = Array.from({ length: groupSize }, entry);
      const results = await store.messages.append(entries, { now, leaseUntil: now + 60_000, limit: groupSize });
      const leases = results.flatMap((result) => (result.kind === "stored" ? result.leases : []));
      if (leases.length !== groupSize) throw new Error(`Only ${leases.length} of ${groupSize} were leased.`);
      await settled;
      settled = store.queue.settle(leases.map(settlementOf), Date.now());
    }
    await settled;
  };
  await Promise.all(Array.from({ length: atOnce }, line));
}

function newWebhook(organization: number): NewWebhook {
  return {
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
}

function entryFor({ id, organization }: Webhook, ids: IdSource, basedOn: number): EmitEntry {
  const action = "ANNOTATION_CREATED";
  const message = {
    id: ids.messageId(),
    organization,
    project: null,
    action,
    payload,
    variants: new Map(),
    hops: 0,
    createdAt: Date.now(),
  };
  const delivery = { id: ids.deliveryId(), webhook: id, action, form: "full" } as const;
  return { organization, drafts: [{ message, deliveries: [delivery] }], basedOn, idempotency: undefined };
}

function settlementOf(lease: Lease): Settlement {
  const attempt: Attempt = {
    number: lease.attempt,
    startedAt: lease.due,
    duration: 1.25,
    status: 200,
    code: null,
    error: null,
    excerpt: "ok",
    middleware: null,
    changedBy: [],
    slowedBy: [],
    headers: {
      "content-type": "application/json",
      "user-agent": "Hookwright/1.0.0",
      "webhook-id": lease.message,
      "webhook-timestamp": "1767225600",
      "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    },
  };
  const { id: delivery, organization, webhook, attempt: fence, due } = lease;
  return {
    delivery,
    organization,
    webhook,
    fence,
    due,
    verdict: { kind: "delivered" },
    attempt,
    effect: { kind: "healthy" },
  };
}

/** The longest that a timer of this thread came late, in milliseconds. */
function watchStalls(): () => number {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 1);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return Math.round(longest);
  };
}
