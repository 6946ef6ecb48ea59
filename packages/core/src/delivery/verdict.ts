/** What follows from an attempt. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** Once more at `at`; `failures` is the new count of attempts that failed at the receiver. */
  | { readonly kind: "retry"; readonly at: number; readonly failures: number }
  /** No more attempts. */
  | { readonly kind: "failed"; readonly failures: number }
  /** Back to the queue as if it had not been claimed; no attempt is recorded. */
  | { readonly kind: "release" };
