import type { Logger } from "./logger.js";

/** The logger of an embedding application, whose failures break nothing: there is no other place to tell of them. */
export function guardedLogger(logger: Logger): Logger {
  const guarded =
    (level: "debug" | "info" | "warn" | "error"): Logger["info"] =>
    (message, fields) => {
      try {
        logger[level](message, fields);
      } catch {
        // A delivery is worth more than its line.
      }
    };
  return {
    isEnabled: (level) => {
      try {
        return logger.isEnabled(level);
      } catch {
        return false;
      }
    },
    debug: guarded("debug"),
    info: guarded("info"),
    warn: guarded("warn"),
    error: guarded("error"),
  };
}
