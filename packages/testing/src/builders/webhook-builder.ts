import type { NewWebhook } from "@hookwright/core";
import { organizationId } from "./ids.js";

/** A webhook to be created: active, of organization 1 as a whole, for all actions, with payload. `changes` replaces what a test cares about. */
export function newWebhook(changes: Partial<NewWebhook> = {}): NewWebhook {
  return {
    organization: organizationId(1),
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
    ...changes,
  };
}
