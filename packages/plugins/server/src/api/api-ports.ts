import type { AccessStore, Clock, Logger, Webhooks } from "@hookwright/core";
import type { ErrorLog } from "../error-log.js";

/** What the API stands on. */
export interface ApiPorts {
  readonly hooks: Webhooks;
  readonly access: AccessStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: ErrorLog;
}
