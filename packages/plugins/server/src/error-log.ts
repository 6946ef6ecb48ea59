import type { LogFields, Logger } from "@hookwright/core";
import type { ErrorAnswer } from "./error-envelope.js";

/**
 * Writes one line for an error that is answered, under the id that the caller was given. A caller's mistake is no fault of
 * the service: it is told without a stack, and without the faults of single fields, which may repeat what was sent.
 */
export function logError(
  logger: Logger,
  { envelope, status, blame }: ErrorAnswer,
  error: unknown,
  fields: LogFields = {},
): void {
  const line = `${envelope.id} ${status} ${envelope.detail}`;
  if (blame === "caller") logger.info(line, { ...fields, status });
  else logger.error(line, { ...fields, status, error });
}
