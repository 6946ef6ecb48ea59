import { expect, test } from "vitest";
import { defineEvent } from "../event/define-event.js";
import { coreOwner, EventRegistry } from "../event/event-registry.js";
import type { MessageId, OrganizationId, ProjectId, WebhookId } from "../foundation/ids.js";
import type { MessageHead } from "../store/job-store.js";
import type { Webhook } from "../webhook/webhook.js";
import { ReplayPlan, type ReplayPlanPorts } from "./replay-plan.js";

const project = 12 as ProjectId;

const webhook: Webhook = {
  id: 1 as WebhookId,
  organization: 1 as OrganizationId,
  project,
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
  consecutiveFailures: 0,
  disabledAt: null,
  disabledReason: null,
  secretSet: false,
  createdAt: 0,
  updatedAt: 0,
  version: 1,
};

function head(changes: Partial<MessageHead> = {}): MessageHead {
  return { id: "msg_1" as MessageId, project, action: "MADE", createdAt: 0, ...changes };
}

function wanted(of: Webhook, registry: EventRegistry, heads: readonly MessageHead[], organizationWebhooks = true) {
  const ports: ReplayPlanPorts = {
    registry,
    messages: { get: () => Promise.reject(new Error("a plan reads no message")) },
    draft: () => {
      throw new Error("a plan drafts nothing");
    },
    readsPayload: () => false,
  };
  return new ReplayPlan(of, ports, organizationWebhooks).wanted(heads).map(({ match }) => match.action);
}

function registryWith(scope: "project" | "organization", isOpen = () => true): EventRegistry {
  const registry = new EventRegistry();
  const definition = defineEvent({
    action: "MADE",
    aliases: ["DONE"],
    scope,
    schema: { type: "object" },
    summary: "Made.",
    example: {},
  });
  registry.register(definition, coreOwner, isOpen);
  return registry;
}

test("what the webhook's project made is wanted, under the name that it listed", () => {
  const registry = registryWith("project");
  expect(wanted(webhook, registry, [head(), head({ project: 13 as ProjectId }), head({ project: null })])).toEqual([
    "MADE",
  ]);
  expect(wanted({ ...webhook, sendForAllActions: false, actions: ["DONE"] }, registry, [head()])).toEqual(["DONE"]);
  expect(wanted({ ...webhook, sendForAllActions: false, actions: ["OTHER"] }, registry, [head()])).toEqual([]);
  expect(wanted({ ...webhook, isActive: false }, registry, [head()])).toEqual(["MADE"]);
});

test("an event that has become organization-only reaches no project's webhook, whatever its old messages say", () => {
  const registry = registryWith("organization");
  expect(wanted(webhook, registry, [head()])).toEqual([]);
  expect(wanted({ ...webhook, project: null }, registry, [head()])).toEqual(["MADE"]);
  expect(wanted({ ...webhook, project: null }, registry, [head()], false)).toEqual([]);
});

test("an event that nobody registers, or whose plugin is not all there, is wanted by nobody", () => {
  expect(wanted(webhook, new EventRegistry(), [head()])).toEqual([]);
  expect(
    wanted(
      webhook,
      registryWith("project", () => false),
      [head()],
    ),
  ).toEqual([]);
});
