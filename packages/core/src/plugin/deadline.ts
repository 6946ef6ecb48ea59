import type { Clock } from "../foundation/clock.js";
import { HookwrightError } from "../foundation/hookwright-error.js";

/** How long something is waited for. */
export interface Deadline {
  readonly clock: Clock;
  readonly milliseconds: number;
}

/**
 * What `work` comes to, unless it takes too long. What it comes to after that is nobody's any more; `onLate` is told when
 * it was an error.
 *
 * @throws HookwrightError `plugin_timeout`; `what` begins its message.
 */
export async function within<Result>(
  { clock, milliseconds }: Deadline,
  work: Promise<Result>,
  { what, onLate = () => undefined }: { readonly what: string; readonly onLate?: (error: unknown) => void },
): Promise<Result> {
  const late = Promise.withResolvers<never>();
  let isLate = false;
  const giveUp = (): void => {
    isLate = true;
    late.reject(new HookwrightError("plugin_timeout", `${what} within ${milliseconds} ms.`));
  };
  // Where nothing else is left to do the process would end without a word, and nobody be told whom it waited for.
  const timer = clock.setTimer(milliseconds, giveUp, { keepsAlive: true });
  work.catch((error: unknown) => {
    if (isLate) onLate(error);
  });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    timer.cancel();
  }
}
