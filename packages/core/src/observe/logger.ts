/** From the least to the most important. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts beside a line's text. Never a secret, a token or a header value. `error` is shown with its stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where log lines go. An embedding application hands in its own; the default is silent. */
export interface Logger {
  /** Whether a line of this level is kept: lines that are costly to make ask first. */
  isEnabled(level: LogLevel): boolean;
  /** What a person looks for when something is wrong: each delivery that arrived. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator may want to know. */
  info(message: string, fields?: LogFields): void;
  /** What an operator should look at: a webhook was deactivated. */
  warn(message: string, fields?: LogFields): void;
  /** What failed: an attempt, a middleware, the store. */
  error(message: string, fields?: LogFields): void;
}

/** Keeps nothing. */
export const silentLogger: Logger = {
  isEnabled: () => false,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The same logger, with these facts in each of its lines. */
export function withFacts(logger: Logger, facts: LogFields): Logger {
  const told = (fields: LogFields | undefined): LogFields => ({ ...fields, ...facts });
  return {
    isEnabled: (level) => logger.isEnabled(level),
    debug: (message, fields) => logger.debug(message, told(fields)),
    info: (message, fields) => logger.info(message, told(fields)),
    warn: (message, fields) => logger.warn(message, told(fields)),
    error: (message, fields) => logger.error(message, told(fields)),
  };
}
