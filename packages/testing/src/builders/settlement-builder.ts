import type { Attempt, Lease, Settlement } from "@hookwright/core";

/** A first attempt that got a 200 at once, two seconds before it is settled. */
export function attempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    startedAt: 1_767_225_598_000,
    duration: 12.5,
    status: 200,
    code: null,
    error: null,
    excerpt: "ok",
    middleware: null,
    changedBy: [],
    slowedBy: [],
    headers: { "content-type": "application/json" },
    ...changes,
  };
}

/** What is to be written of a lease's attempt: delivered and healthy, unless `changes` says otherwise; no attempt for a release. */
export function settlement(lease: Lease, changes: Partial<Settlement> = {}): Settlement {
  return {
    delivery: lease.id,
    organization: lease.organization,
    webhook: lease.webhook,
    fence: lease.attempt,
    due: lease.due,
    verdict: { kind: "delivered" },
    attempt: changes.verdict?.kind === "release" ? null : attempt({ number: lease.attempt }),
    effect: { kind: "healthy" },
    ...changes,
  };
}
