import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { WebhookSubscription } from "./webhook.js";
import { type Match, type MatchQuery, WebhookIndex } from "./webhook-index.js";

/** Is wanted only by who lists it. */
const operational = "DELIVERY_EXHAUSTED";

// Few values of each, so that they meet often. The numbers are the ids.
const organization = fc.constantFrom(1, 2).map((id) => id as OrganizationId);
const project = fc.constantFrom(null, 1, 2).map((id) => id as ProjectId | null);
const webhook = fc.integer({ min: 1, max: 12 }).map((id) => id as WebhookId);
const name = fc.constantFrom("MADE", "MADE_OLD", "MADE_OLDER", "GONE", operational);

const subscription: fc.Arbitrary<WebhookSubscription> = fc.record({
  id: webhook,
  organization,
  project,
  sendPayload: fc.boolean(),
  sendForAllActions: fc.boolean(),
  actions: fc.array(name, { maxLength: 4 }),
  isActive: fc.boolean(),
});

const query: fc.Arbitrary<MatchQuery> = fc.record({
  organization,
  project,
  names: fc.constantFrom(["MADE", "MADE_OLD", "MADE_OLDER"], ["GONE"], ["NEVER"], [operational]),
  organizationOnly: fc.boolean(),
});

type Step = { readonly put: WebhookSubscription } | { readonly remove: WebhookId };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ put: subscription }) },
    { weight: 1, arbitrary: fc.record({ remove: webhook }) },
  ),
  { maxLength: 40 },
);

describe("an index of webhooks", () => {
  test("matches what a look at every webhook matches, after any changes", () => {
    fc.assert(
      fc.property(steps, fc.array(query, { minLength: 1, maxLength: 8 }), (changes, queries) => {
        const index = new WebhookIndex();
        const all = new Map<WebhookId, WebhookSubscription>();
        for (const step of changes) {
          if ("put" in step) {
            index.put(step.put);
            all.set(step.put.id, step.put);
          } else {
            index.remove(step.remove);
            all.delete(step.remove);
          }
        }
        for (const asked of queries) expect(byId(index.match(asked))).toEqual(byId(lookAtAll(all.values(), asked)));
      }),
      { numRuns: 500 },
    );
  });

  test("is empty again when everything was taken out", () => {
    fc.assert(
      fc.property(steps, query, (changes, asked) => {
        const index = new WebhookIndex();
        for (const step of changes) if ("put" in step) index.put(step.put);
        for (let id = 1; id <= 12; id += 1) index.remove(id as WebhookId);
        expect(index.match(asked)).toEqual([]);
        expect(touchedBy(() => index.match(asked))).toBe(touchedBy(() => new WebhookIndex().match(asked)));
      }),
    );
  });

  const wanted: WebhookSubscription = {
    id: 1 as WebhookId,
    organization: 1 as OrganizationId,
    project: 1 as ProjectId,
    sendPayload: true,
    sendForAllActions: false,
    actions: ["MADE"],
    isActive: true,
  };
  const asked: MatchQuery = {
    organization: wanted.organization,
    project: wanted.project,
    names: ["MADE", "MADE_OLD"],
    organizationOnly: false,
  };

  test.each<[string, readonly string[], boolean, string]>([
    ["the canonical name", ["MADE"], false, "MADE"],
    ["an alias", ["MADE_OLD"], false, "MADE_OLD"],
    ["both", ["MADE_OLD", "MADE"], false, "MADE"],
    ["an alias, but takes all actions", ["MADE_OLD"], true, "MADE"],
  ])("sends a webhook that listed %s one delivery by the name it knows", (_, actions, sendForAllActions, action) => {
    const index = new WebhookIndex();
    index.put({ ...wanted, actions, sendForAllActions });
    expect(index.match(asked)).toEqual([{ webhook: 1, project: 1, action, sendPayload: true }]);
  });

  test("touches what matches, however many webhooks do not", () => {
    const kinds = unwantedKinds(wanted);
    const fewer = new WebhookIndex();
    const index = new WebhookIndex();
    for (const each of [fewer, index]) {
      for (const id of [1, 2, 3]) each.put({ ...wanted, id: id as WebhookId });
      each.put({ ...wanted, id: 4 as WebhookId, project: null, sendForAllActions: true });
      // One of each kind stands in both, so that only how many there are differs.
      for (const [at, kind] of kinds.entries()) each.put({ ...kind, id: (5 + at) as WebhookId });
    }
    for (let id = 100; id < 100_100; id += 1)
      index.put({ ...wanted, ...kinds[id % kinds.length], id: id as WebhookId });
    expect(index.match(asked)).toHaveLength(4);
    expect(touchedBy(() => index.match(asked))).toBe(touchedBy(() => fewer.match(asked)));
  });
});

/** Webhooks of the same organization and of another that the event is not for. */
function unwantedKinds(wanted: WebhookSubscription): readonly WebhookSubscription[] {
  return [
    { ...wanted, actions: ["GONE"] },
    { ...wanted, actions: [] },
    { ...wanted, project: null, actions: ["GONE"] },
    { ...wanted, project: 2 as ProjectId, sendForAllActions: true },
    { ...wanted, organization: 2 as OrganizationId, sendForAllActions: true },
    { ...wanted, isActive: false },
  ];
}

/** What the index must find, by looking at every webhook. */
function lookAtAll(all: Iterable<WebhookSubscription>, asked: MatchQuery): readonly Match[] {
  return [...all].flatMap((one) => {
    const inScope = one.project === null || (one.project === asked.project && !asked.organizationOnly);
    const [canonical] = asked.names;
    const gets = one.sendForAllActions && canonical !== operational;
    const listed = gets ? canonical : asked.names.find((known) => one.actions.includes(known));
    if (!one.isActive || one.organization !== asked.organization || !inScope || listed === undefined) return [];
    return [{ webhook: one.id, project: one.project, action: listed, sendPayload: one.sendPayload }];
  });
}

function byId(matches: readonly Match[]): readonly Match[] {
  return matches.toSorted((left, right) => left.webhook - right.webhook);
}

/** How often a map was asked or walked one step further: the entries of the index stand in maps and nowhere else. */
function touchedBy(run: () => unknown): number {
  let touched = 0;
  const { get } = Map.prototype;
  const iteration: { next: () => unknown } = Object.getPrototypeOf(new Map().values());
  const { next } = iteration;
  Map.prototype.get = function (this: Map<unknown, unknown>, key: unknown) {
    touched += 1;
    return get.call(this, key);
  };
  iteration.next = function (this: unknown) {
    touched += 1;
    return next.call(this);
  };
  try {
    run();
  } finally {
    Map.prototype.get = get;
    iteration.next = next;
  }
  return touched;
}
