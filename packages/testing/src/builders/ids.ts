import type { OrganizationId, ProjectId, WebhookId } from "@hookwright/core";

/** The organization with this number. */
export function organizationId(number: number): OrganizationId {
  // The one maker of such ids in tests: the number is the id.
  return number as OrganizationId;
}

/** The project with this number. */
export function projectId(number: number): ProjectId {
  // As above.
  return number as ProjectId;
}

/** The webhook with this number. */
export function webhookId(number: number): WebhookId {
  // As above.
  return number as WebhookId;
}
