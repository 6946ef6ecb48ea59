import { expect, test } from "vitest";
import type { Note } from "../delivery/note.js";
import { actionOfFact } from "../delivery/note.js";
import { operationalEvents } from "../event/builtin/operational-events.js";
import { definitionOf } from "../event/event-class.js";
import { coreOwner, EventRegistry } from "../event/event-registry.js";
import type { DeliveryId, MessageId, OrganizationId, WebhookId } from "../foundation/ids.js";
import { payloadOf } from "../foundation/payload-bytes.js";
import { notePayload } from "./note-payload.js";

// The numbers and texts of a test are its ids.
const origin = { id: 1, organization: 1 as OrganizationId, webhook: 7 as WebhookId, at: Date.UTC(2026, 6, 2, 9, 5) };
const delivery = {
  delivery: "dlv_1" as DeliveryId,
  message: "msg_1" as MessageId,
  action: "TASKS_CREATED",
  hops: 3,
  attempt: 2,
  status: 503,
  code: "http_status",
} as const;

const notes: readonly Note[] = [
  { ...origin, fact: { kind: "disabled", reason: "gone", consecutiveFailures: 4 } },
  { ...origin, fact: { ...delivery, kind: "exhausted" } },
  { ...origin, fact: { ...delivery, kind: "exhausted", status: null, code: "timeout" } },
  { ...origin, fact: { ...delivery, kind: "recovered", status: 204, code: null } },
];

const registry = new EventRegistry();
for (const event of Object.values(operationalEvents)) {
  const definition = definitionOf(event);
  if (definition !== undefined) registry.register(definition, coreOwner);
}

test.each(notes)("what is said of $fact.kind fits the schema of its event, which demands it all", (note) => {
  const payload = notePayload(note, { id: origin.webhook, url: "https://receiver.example/" });
  const event = registry.require(actionOfFact[note.fact.kind]);
  expect(event.validate(payloadOf(payload).value)).toBeUndefined();
  expect(Object.keys(payload).sort()).toEqual([...Object(event.definition.schema["required"])].sort());
});

test.each([
  ["https://user:password@receiver.example:8443/hooks/t0ken?key=1#part", "receiver.example:8443"],
  ["http://backend:9090", "backend:9090"],
  ["https://[2001:db8::1]/", "[2001:db8::1]"],
])("of %s no more is told than the host", (url, host) => {
  for (const note of notes) expect(notePayload(note, { id: origin.webhook, url }).webhook).toEqual({ id: 7, host });
});
