import type { AccessStore, Clock, Logger, Webhooks } from "@hookwright/core";

/** What the API stands on. */
export interface ApiPorts {
  readonly hooks: Webhooks;
  readonly access: AccessStore;
  readonly clock: Clock;
  readonly logger: Logger;
}
