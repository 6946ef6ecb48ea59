// The program behind StoreProgram: `open FILE` opens the store and has nothing more to do; `hold FILE` waits; `load FILE` stores and settles as fast as it can,
// and says of each delivery what was answered.

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
import { HookwrightError, systemClock } from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { sqlite } from "./sqlite-store.js";

const [task, file = ""] = process.argv.slice(2);
const ids = new IdSource(systemClock);

const newWebhook: NewWebhook = {
  // The number is the id.
  organization: 1 as OrganizationId,
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

const attempt: Attempt = {
  number: 1,
  startedAt: 0,
  duration: 1,
  status: 200,
  code: null,
  error: null,
  excerpt: "",
  middleware: null,
  changedBy: [],
  slowedBy: [],
  headers: {},
};

try {
  const store = sqlite({ file });
  await store.open();
  say("open");
  if (task === "load") await load(store);
  if (task === "hold") setInterval(() => undefined, 60_000);
} catch (error) {
  say(error instanceof HookwrightError ? `failed ${error.code} ${error.message}` : `failed ${error}`);
}

async function load(store: Store): Promise<void> {
  const webhook = await store.webhooks.create(newWebhook, Date.now());
  await Promise.all([1, 2, 3, 4].map(() => line(store, webhook)));
}

async function line(store: Store, webhook: Webhook): Promise<never> {
  for (;;) {
    const now = Date.now();
    const entries = [1, 2, 3, 4, 5].map(() => entry(webhook));
    const results = await store.messages.append(entries, { now, leaseUntil: now + 60_000, limit: 5 });
    const leases = results.flatMap((result) => (result.kind === "stored" ? result.leases : []));
    say(`stored ${leases.map(({ id }) => id).join()}`);
    const settled = leases.slice(0, 3);
    await store.queue.settle(settled.map(settlement), Date.now());
    say(`settled ${settled.map(({ id }) => id).join()}`);
  }
}

function entry({ id: webhook, organization, version }: Webhook): EmitEntry {
  const action = "TASKS_CREATED";
  const message = {
    id: ids.messageId(),
    organization,
    project: null,
    action,
    payload: new TextEncoder().encode('{"tasks":[]}'),
    variants: new Map(),
    hops: 0,
    createdAt: Date.now(),
  };
  const deliveries = [{ id: ids.deliveryId(), webhook, action, form: "full" as const }];
  return { organization, drafts: [{ message, deliveries }], basedOn: version, idempotency: undefined };
}

function settlement({ id: delivery, organization, webhook, attempt: fence, due }: Lease): Settlement {
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

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
