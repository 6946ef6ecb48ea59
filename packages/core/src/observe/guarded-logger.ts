import { currentPlugin } from "./blame.js";
import type { LogFields, Logger } from "./logger.js";

/**
 * The logger of an embedding application, whose failures break nothing: there is no other place to tell of them. A line
 * that comes from a plugin's code carries the plugin's name, whoever wrote it.
 */
export function guardedLogger(logger: Logger): Logger {
  const guarded =
    (level: "debug" | "info" | "warn" | "error"): Logger["info"] =>
    (message, fields) => {
      try {
        logger[level](message, named(fields));
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

function named(fields: LogFields | undefined): LogFields | undefined {
  const plugin = currentPlugin();
  // Who knows better has said so.
  return plugin === undefined || fields?.["plugin"] !== undefined ? fields : { ...fields, plugin };
}
