import { type RegisteredEvent, refusePayload } from "../event/event-registry.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OrganizationId, ProjectId } from "../foundation/ids.js";
import { type Payload, withMember } from "../foundation/payload-bytes.js";

/** One event on its way in. */
export interface EmitRequest {
  readonly event: RegisteredEvent;
  readonly payload: Payload;
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
  /** How many handlers in a row led to it; 0 unless given. */
  readonly hops?: number;
  /** Recognised for 24 hours within the organization. */
  readonly idempotencyKey?: string;
  /** The note that it tells; it is stored only if the note is still there, and not at all where nobody wants it. */
  readonly note?: number;
}

/**
 * Checks scope and payload, and returns the payload as it is to be sent: a project's event always says which project it
 * belongs to.
 *
 * @throws HookwrightError `scope_invalid` or `payload_invalid`.
 */
export function checkRequest({ event, payload, project }: EmitRequest): Payload {
  const { action, scope } = event.definition;
  if (scope === "organization" && project !== null) {
    throw new HookwrightError(
      "scope_invalid",
      `${action} is an organization-only event: emit it without a project, found project ${project}.`,
    );
  }
  refusePayload(event, payload);
  return project === null || Object.hasOwn(payload.value, "project")
    ? payload
    : withMember(payload, "project", { id: project });
}
