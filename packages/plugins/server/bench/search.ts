import { stat } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import type {
  DeliveryFilter,
  DeliveryId,
  NewWebhook,
  OrganizationId,
  ProjectId,
  Store,
  WebhookId,
} from "@hookwright/core";
import { IdSource } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";

const many = 1_000_000;
// The number is the id, here and below.
const organization = 1 as OrganizationId;
const day = 86_400_000;
const start = Date.now() - 40 * day;
const step = (30 * day) / many;
const payload = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(500) }));

/**
 * How long a page of the list of deliveries takes over a million of them, for every filter, the worst cases too, and how long
 * other calls wait meanwhile.
 */
export async function benchSearch(folder: string): Promise<void> {
  const file = join(folder, "search.db");
  const store = sqlite({ file });
  await store.open();
  // 1: nearly everything; 2: one in ten; 3: three old ones; 4: of another organization, with a backlog; 5: nothing.
  for (const owner of [1, 1, 1, 2, 1]) await store.webhooks.create(newWebhook(owner), start);
  await store.close();
  const known = fill(file);
  await store.open();
  try {
    console.log(`search: ${many} deliveries, ${Math.round((await stat(file)).size / 2 ** 20)} MiB`);
    await settleDown(store, file);
    await measure(store, known);
  } finally {
    await store.close();
  }
}

interface Known {
  readonly oldest: DeliveryId;
  readonly middle: DeliveryId;
  readonly newest: DeliveryId;
}

/** Straight into the tables: a million calls would measure something else. */
function fill(file: string): Known {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA synchronous = OFF; BEGIN");
  const message = database.prepare(
    `INSERT INTO messages (number, id, organization, project, action, created_at, variants, hops, payload, first_delivery, deliveries)
     VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?, 1)`,
  );
  const delivery = database.prepare(
    `INSERT INTO deliveries (number, id, organization, webhook, message, project, action, form, status, test, created_at,
       finished_at, due, attempts, fence, generation, failures, last_status, last_code)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'full', ?, 0, ?, ?, ?, 1, 1, 1, 0, ?, ?)`,
  );
  const attempt = database.prepare("INSERT INTO attempts (key, attempt) VALUES (? << 16 | 1, ?)");
  const due = database.prepare("INSERT INTO due (webhook, rank, delivery, due, number) VALUES (?, ?, ?, ?, ?)");
  const record = JSON.stringify({
    number: 1,
    startedAt: 0,
    duration: 2,
    status: 200,
    code: null,
    error: null,
    excerpt: "ok",
  });
  let now = start;
  const source = new IdSource({ now: () => now, setTimer: () => ({ cancel: () => undefined }) });
  const known: Record<keyof Known, DeliveryId> = {
    oldest: source.deliveryId(),
    middle: source.deliveryId(),
    newest: source.deliveryId(),
  };
  for (let number = 1; number <= many; number += 1) {
    now = start + Math.floor(number * step);
    const id = source.deliveryId();
    if (number === 1) known.oldest = id;
    if (number === Math.floor(many / 2) + 1) known.middle = id;
    if (number === many) known.newest = id;
    const waits = number % 200 === 0;
    const owner = waits ? 2 : 1;
    const webhook = waits ? 4 : number < 4 ? 3 : number % 10 === 0 ? 2 : 1;
    const project = number % 50;
    const action = number === 7 ? "ONCE" : number % 3 === 0 ? "TASKS_CREATED" : "ANNOTATION_CREATED";
    // Of organization 1, ten failed, long ago.
    const status = waits ? 0 : number <= 200 && number % 20 === 3 ? 2 : 1;
    message.run(number, source.messageId(), owner, project, action, now, payload, number);
    const end = waits ? [null, now] : [now + 2, null];
    const place = [number, id, owner, webhook, number, project, action] as const;
    delivery.run(...place, status, now, ...end, status === 2 ? 500 : 200, status === 2 ? "http_status" : null);
    attempt.run(number, record);
    if (waits) due.run(webhook, now, id, now, number);
  }
  database.exec("COMMIT");
  database.close();
  return known;
}

/** The lists follow at a distance. */
async function settleDown(store: Store, file: string): Promise<void> {
  const reader = new DatabaseSync(file, { readOnly: true });
  const read = reader.prepare("SELECT listed_to FROM state");
  for (let listed = 0; listed < many - 5_000; ) {
    await store.webhooks.get(organization, 1 as WebhookId);
    await new Promise((resolve) => setTimeout(resolve, 20));
    listed = Number(read.get()?.["listed_to"]);
  }
  reader.close();
}

async function measure(store: Store, known: Known): Promise<void> {
  const [middle, late] = [start + 15 * day, start + 29 * day];
  const once = { actions: ["ONCE"] };
  const nowhere = { project: 999 as ProjectId };
  const [most, three, none] = [1 as WebhookId, 3 as WebhookId, 5 as WebhookId];
  const cases: Readonly<Record<string, DeliveryFilter>> = {
    "no filter": {},
    "a webhook with nearly all": { webhook: most },
    "a webhook with three, the oldest": { webhook: three },
    "a webhook with none": { webhook: none },
    "an action of a third": { actions: ["TASKS_CREATED"] },
    "an action that occurs once, first of all": once,
    "an action that never occurs": { actions: ["NEVER"] },
    "a project of one in fifty": { project: 7 as ProjectId },
    "a project with no hit": nowhere,
    "failed: ten, the oldest": { status: "failed" },
    "failed, of a webhook": { status: "failed", webhook: most },
    "failed, of an action and a project": { status: "failed", actions: ["TASKS_CREATED"], project: 3 as ProjectId },
    cancelled: { status: "cancelled" },
    "pending: none here, many elsewhere": { status: "pending" },
    "pending, of a webhook": { status: "pending", webhook: most },
    delivered: { status: "delivered" },
    "since the middle": { since: middle },
    "until the middle": { until: middle },
    "until the beginning": { until: start },
    "one hour, long ago": { since: middle, until: middle + 3_600_000 },
    "one hour, of a webhook": { since: middle, until: middle + 3_600_000, webhook: most },
    "an action and a project that are never together": { actions: ["ONCE"], project: 8 as ProjectId },
    "an action that occurs once, of a webhook": { ...once, webhook: most },
    "an action that a webhook never had": { webhook: three, actions: ["ANNOTATION_UPDATED"] },
    "a frequent action, of a webhook, until the middle": {
      webhook: 2 as WebhookId,
      actions: ["TASKS_CREATED"],
      until: middle,
    },
    "a project with no hit, failed, of a webhook, late": { ...nowhere, status: "failed", webhook: most, since: late },
    "everything at once": {
      webhook: most,
      actions: ["TASKS_CREATED"],
      project: 9 as ProjectId,
      status: "delivered",
      since: middle,
      until: late,
    },
    "a frequent action of a webhook that has it nowhere with this project": {
      webhook: 2 as WebhookId,
      actions: ["TASKS_CREATED"],
      project: 7 as ProjectId,
    },
  };
  const page = { limit: 101 };
  for (const [name, filter] of Object.entries(cases)) {
    const text = await timed(store, () => store.attempts.list(organization, filter, page));
    console.log(`${name}: ${text}`);
  }
  for (const [name, before] of Object.entries(known))
    console.log(
      `a cursor at the ${name}: ${await timed(store, () => store.attempts.list(organization, {}, { ...page, before }))}`,
    );
  console.log(
    `show: ${await timed(store, async () => ((await store.attempts.get(organization, known.middle)) === undefined ? [] : [1]))}`,
  );
}

/** The median of five, and how long another call waited meanwhile at most. */
async function timed(store: Store, call: () => Promise<readonly unknown[]>): Promise<string> {
  const took: number[] = [];
  let longest = 0;
  let found = 0;
  for (let run = 0; run < 5; run += 1) {
    let isOver = false;
    const begun = performance.now();
    const answer = call().then((rows) => {
      took.push(performance.now() - begun);
      found = rows.length;
      isOver = true;
    });
    while (!isOver) {
      const asked = performance.now();
      await store.webhooks.get(organization, 1 as WebhookId);
      longest = Math.max(longest, performance.now() - asked);
    }
    await answer;
  }
  const median = took.toSorted((left, right) => left - right)[2] ?? 0;
  return `${found} in ${median.toFixed(1)} ms, others waited ${longest.toFixed(1)} ms at most`;
}

function newWebhook(owner: number): NewWebhook {
  return {
    organization: owner as OrganizationId,
    project: null,
    url: "https://receiver.example/hook",
    sendPayload: true,
    sendForAllActions: true,
    actions: [],
    headers: {},
    isActive: true,
    retrySchedule: null,
    maxConcurrency: null,
    rateLimit: null,
    ordered: false,
    handshake: false,
    allowedRate: null,
  };
}
