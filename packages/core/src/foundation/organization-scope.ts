import { checkedId } from "./checked-id.js";
import type { OrganizationId, ProjectId } from "./ids.js";

/** Whose: organization 1 unless said otherwise. */
export interface OrganizationOptions {
  readonly organization?: number;
}

/** @throws HookwrightError `scope_invalid` when the number is no id. */
export function organizationOf({ organization = 1 }: OrganizationOptions): OrganizationId {
  return checkedId("organization", organization) as OrganizationId;
}

/** @throws HookwrightError `scope_invalid` when the number is no id. */
export function projectOf(project: number): ProjectId {
  return checkedId("project", project) as ProjectId;
}
