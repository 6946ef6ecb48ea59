import type { EmitEntry, Lease, ReceiverEffect, Verdict, WebhookChange } from "@hookwright/core";
import fc from "fast-check";
import { organizationId } from "../builders/ids.js";
import { attempt, settlement } from "../builders/settlement-builder.js";
import type { Law, OnFreshStore } from "./law.js";
import { type ModelWebhook, StoreModel } from "./store-model.js";
import type { StoreScene } from "./store-scene.js";

/** Runs of one random law, and the longest list of steps in one: enough to find what hand-written laws miss, within seconds. */
const runs = 30;
const longestLife = 80;
const patience = 120_000;

/** What must hold whatever happens: no delivery is lost, none has two leases at once, no webhook exceeds its room. */
export function randomLaws(law: Law, onFreshStore: OnFreshStore): void {
  law(
    "whatever happens, no delivery is lost, none has two valid leases, and no webhook exceeds its room",
    async () => {
      // A failure prints the seed and the shortest list of steps that leads to it.
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: longestLife, size: "max" }), (steps) =>
          onFreshStore((scene) => live(scene, steps)),
        ),
        { numRuns: runs },
      );
    },
    patience,
  );
}

/** One thing that happens to a store. Numbers named `pick` choose among what is there when the step's turn comes. */
type Step =
  | { readonly kind: "create"; readonly organization: number; readonly capacity: number; readonly ordered: boolean }
  | { readonly kind: "update"; readonly pick: number; readonly change: WebhookChange }
  | { readonly kind: "delete"; readonly pick: number }
  | { readonly kind: "append"; readonly picks: readonly number[]; readonly limit: number }
  | { readonly kind: "claim"; readonly limit: number; readonly callers: number }
  | { readonly kind: "settle"; readonly picks: readonly number[]; readonly ending: Ending }
  | { readonly kind: "retry"; readonly pick: number }
  | { readonly kind: "wait"; readonly milliseconds: number }
  | { readonly kind: "crash" };

type Ending = "delivered" | "failed" | "retry" | "release" | "gone";

const pick = fc.nat({ max: 1_000 });

const anyChange: fc.Arbitrary<WebhookChange> = fc.oneof(
  fc.record({ isActive: fc.boolean() }),
  fc.record({ maxConcurrency: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ ordered: fc.boolean() }),
);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("create" as const),
      organization: fc.integer({ min: 1, max: 2 }),
      capacity: fc.integer({ min: 1, max: 4 }),
      ordered: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("update" as const), pick, change: anyChange }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), pick }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 4 }),
      limit: fc.nat({ max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("claim" as const),
      limit: fc.integer({ min: 1, max: 6 }),
      callers: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 4 }),
      ending: fc.constantFrom<Ending>("delivered", "delivered", "failed", "retry", "retry", "release", "gone"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("retry" as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      milliseconds: fc.constantFrom(1, 1_000, 29_999, 30_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
);

async function live(scene: StoreScene, steps: readonly Step[]): Promise<void> {
  const model = new StoreModel();
  model.created(await scene.webhook({ maxConcurrency: 2 }));
  for (const step of steps) await take(step, scene, model);
  await finishEverything(scene, model);
}

async function take(step: Step, scene: StoreScene, model: StoreModel): Promise<void> {
  switch (step.kind) {
    case "create": {
      const { organization, capacity, ordered } = step;
      return model.created(
        await scene.webhook({ organization: organizationId(organization), maxConcurrency: capacity, ordered }),
      );
    }
    case "update":
      return update(scene, model, chosen(livingWebhooks(model), step.pick), step.change);
    case "delete":
      return remove(scene, model, chosen(livingWebhooks(model), step.pick));
    case "append":
      return append(scene, model, step);
    case "claim":
      return claim(scene, model, step);
    case "settle":
      return settle(scene, model, step);
    case "retry":
      return retry(scene, model, step.pick);
    case "wait":
      return scene.clock.advance(step.milliseconds);
    case "crash":
      if (!scene.canReopen) return;
      await scene.crash();
      return model.crashed();
    default:
      return step satisfies never;
  }
}

async function update(
  scene: StoreScene,
  model: StoreModel,
  webhook: ModelWebhook | undefined,
  change: WebhookChange,
): Promise<void> {
  if (webhook === undefined) return;
  const after = await scene.store.webhooks.update(webhook.organization, webhook.id, change, scene.now);
  if (after === undefined) throw new Error(`Broken promise: webhook ${webhook.id} is gone.`);
  model.updated(webhook, after);
}

async function remove(scene: StoreScene, model: StoreModel, webhook: ModelWebhook | undefined): Promise<void> {
  if (webhook === undefined) return;
  await scene.store.webhooks.delete(webhook.organization, webhook.id, scene.now);
  model.deleted(webhook, scene.now);
}

/** One message to webhooks of one organization. */
async function append(
  scene: StoreScene,
  model: StoreModel,
  step: Extract<Step, { readonly kind: "append" }>,
): Promise<void> {
  const first = chosen(livingWebhooks(model), step.picks[0] ?? 0);
  if (first === undefined) return;
  const { organization } = first;
  const receivers = livingWebhooks(model).filter((webhook) => webhook.organization === organization);
  const ids = new Set(step.picks.flatMap((number) => chosen(receivers, number)?.id ?? []));
  const entry: EmitEntry = scene.messages.entry([...ids], {
    organization,
    basedOn: await scene.changeNumber(organization),
  });
  const [result] = await scene.append([entry], step.limit);
  if (result?.kind !== "stored") throw new Error(`Broken promise: an append answered ${result?.kind}.`);
  const deliveries = entry.drafts.flatMap((draft) => draft.deliveries);
  for (const delivery of deliveries) model.appended(delivery, scene.now);
  for (const lease of result.leases) model.leased(lease, scene.now);
  if (result.leases.length > step.limit) throw new Error("Broken promise: more was handed over than was asked for.");
  if (result.waiting !== result.leases.length < deliveries.length)
    throw new Error(`Broken promise: waiting is ${result.waiting}.`);
}

async function claim(
  scene: StoreScene,
  model: StoreModel,
  { limit, callers }: Extract<Step, { readonly kind: "claim" }>,
): Promise<void> {
  const batches = await Promise.all(Array.from({ length: callers }, () => scene.claim(limit)));
  for (const { leases, messages } of batches) {
    if (leases.length > limit) throw new Error("Broken promise: more was claimed than was asked for.");
    for (const lease of leases) {
      model.leased(lease, scene.now);
      if (!messages.has(lease.message)) throw new Error(`Broken promise: ${lease.id} was claimed without its message.`);
    }
  }
  if (batches.some(({ leases }) => leases.length < limit)) model.claimedAllItCould(scene.now);
  const last = batches.at(-1);
  if (callers === 1 && last !== undefined) model.promisedNextDue(last.nextDue, scene.now);
}

async function settle(
  scene: StoreScene,
  model: StoreModel,
  { picks, ending }: Extract<Step, { readonly kind: "settle" }>,
): Promise<void> {
  const leases = picks.flatMap((number) => chosen(model.leases, number) ?? []);
  const settlements = leases.map((lease) => settlement(lease, endingOf(lease, ending, scene.now)));
  const { settled, nextDue } = await scene.store.queue.settle(settlements, scene.now);
  settlements.forEach((each, index) => {
    model.settled(each, settled[index] === true, scene.now);
  });
  model.promisedNextDue(nextDue, scene.now);
}

async function retry(scene: StoreScene, model: StoreModel, number: number): Promise<void> {
  const id = chosen(model.deliveryIds, number);
  if (id === undefined) return;
  model.retried(id, await scene.store.queue.retry(model.organizationOf(id), id, scene.now), scene.now);
}

/** Lets every webhook go on and every lease run out, delivers all that is left, and looks whether all that was stored ended as it should. */
async function finishEverything(scene: StoreScene, model: StoreModel): Promise<void> {
  for (const webhook of livingWebhooks(model)) await update(scene, model, webhook, { isActive: true });
  scene.clock.advance(3_600_000);
  for (let round = 0; ; round += 1) {
    const { leases, nextDue } = await scene.claim(50);
    for (const lease of leases) model.leased(lease, scene.now);
    if (leases.length < 50) model.claimedAllItCould(scene.now);
    for (const lease of leases) model.settled(settlement(lease), await scene.deliver(lease), scene.now);
    if (leases.length === 0 && nextDue === undefined) break;
    if (round > model.deliveryIds.length + 10) throw new Error("Broken promise: there is no end of deliveries.");
  }
  for (const id of model.deliveryIds) await compareStatus(scene, model, id);
}

async function compareStatus(scene: StoreScene, model: StoreModel, id: Lease["id"]): Promise<void> {
  const found = await scene.status(id, model.organizationOf(id));
  const expected = model.statusOf(id);
  if (found === "pending" || (expected !== undefined && found !== expected))
    throw new Error(`Broken promise: ${id} is ${found}, not ${expected ?? "finished"}.`);
}

function endingOf(
  lease: Lease,
  ending: Ending,
  now: number,
): { readonly verdict: Verdict; readonly effect: ReceiverEffect; readonly attempt: ReturnType<typeof attempt> | null } {
  const failures = lease.failures + 1;
  const made = attempt({ number: lease.attempt });
  switch (ending) {
    case "delivered":
      return { verdict: { kind: "delivered" }, effect: { kind: "healthy" }, attempt: made };
    case "failed":
      return { verdict: { kind: "failed", failures }, effect: { kind: "failed", disableAfter: 4 }, attempt: made };
    case "retry":
      return {
        verdict: { kind: "retry", at: now + 1_000, failures },
        effect: { kind: "failed", disableAfter: 4 },
        attempt: made,
      };
    case "release":
      return { verdict: { kind: "release" }, effect: { kind: "none" }, attempt: null };
    case "gone":
      return { verdict: { kind: "failed", failures }, effect: { kind: "gone" }, attempt: made };
    default:
      return ending satisfies never;
  }
}

function livingWebhooks(model: StoreModel): readonly ModelWebhook[] {
  return model.webhooks.filter((webhook) => !webhook.isDeleted);
}

function chosen<Item>(items: readonly Item[], number: number): Item | undefined {
  return items[number % Math.max(1, items.length)];
}
