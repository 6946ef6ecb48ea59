import type { Settings } from "@hookwright/core";

/** Failed attempts in a row that deactivate a webhook. */
export const disableAfter = 6;

/** What the children are set to: short times, so that much happens in a life of some hundred milliseconds. */
export const chaosSettings = {
  timeout: 400,
  maxConsecutiveFailures: disableAfter,
  allowTargets: "loopback",
} as const satisfies Partial<Settings>;
