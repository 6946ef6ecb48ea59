/**
 * When a failure happens, seen from the attempt: `before` reaches the caller and nothing is stored, `during` becomes an
 * outcome and an attempt record, `after` is repeated once the lease runs out.
 */
export type FailureStage = "before" | "during" | "after";

/** What is known about one error code: when it occurs, what it means and how to get rid of it. */
export interface ErrorCodeEntry {
  readonly stage: FailureStage;
  readonly meaning: string;
  readonly remedy: string;
}

/** The one table of error codes. Each code has a page in the docs that is made from its entry. */
export const errorCodes = {
  // Definitions
  definition_invalid: {
    stage: "before",
    meaning: "An event, plugin, middleware or transform is not defined as it must be.",
    remedy: "Correct the field that the message names.",
  },
  action_taken: {
    stage: "before",
    meaning: "Two events claim the same action or alias.",
    remedy: "Rename one of the two, for example with the plugin's name as prefix.",
  },
  schema_invalid: {
    stage: "before",
    meaning: "A JSON Schema does not compile.",
    remedy:
      "Correct the schema at the place that the message names; JSON Schema 2020-12 in Ajv's strict mode is expected.",
  },
  plugin_invalid: {
    stage: "before",
    meaning: "A plugin's manifest or its place among the other plugins is wrong.",
    remedy: "Correct what the message names: name, version, dependency or order.",
  },
  plugin_failed: {
    stage: "before",
    meaning: "A plugin's own code failed while it was set up or stopped.",
    remedy: "Look at the cause: it is an error of the plugin that is named.",
  },
  configuration_invalid: {
    stage: "before",
    meaning: "A setting has a value that cannot be used.",
    remedy: "Set the setting that is named to one of the forms that are named.",
  },
  lifecycle_invalid: {
    stage: "before",
    meaning: "A call came before the start or after the stop.",
    remedy: "Call start() first, and nothing after stop().",
  },
  // Input
  action_unknown: {
    stage: "before",
    meaning: "No event with this action is registered.",
    remedy: "Use a registered action, or load the plugin that defines it.",
  },
  payload_invalid: {
    stage: "before",
    meaning: "A payload does not fit the event's schema, or is not the JSON that it must be.",
    remedy: "Correct the value at the JSON pointer that is named.",
  },
  scope_invalid: {
    stage: "before",
    meaning: "An event was emitted for a scope that it does not have.",
    remedy: "Emit organization-only events without a project, and use positive integers as ids.",
  },
  idempotency_conflict: {
    stage: "before",
    meaning: "The same idempotency key was used before with other content.",
    remedy: "Use a new key for a new event; repeat a key only with equal content.",
  },
  webhook_invalid: {
    stage: "before",
    meaning: "A webhook cannot be saved as it is.",
    remedy: "Correct the fields that are named.",
  },
  not_found: {
    stage: "before",
    meaning: "There is no such object in this organization.",
    remedy: "Check the id, and that the token belongs to the right organization.",
  },
  delivery_not_retryable: {
    stage: "before",
    meaning: "The delivery cannot be sent again.",
    remedy: "If its webhook was deleted, create it anew and emit the event again; instead of a test, send another one.",
  },
  // Storage
  overloaded: {
    stage: "before",
    meaning: "Too much waits to be written already.",
    remedy: "Try again after the time that is named.",
  },
  storage_full: {
    stage: "before",
    meaning: "The disk that holds the database is full.",
    remedy: "Make room; nothing was stored and nothing stored was lost.",
  },
  storage_failed: {
    stage: "before",
    meaning: "The database answered with an error.",
    remedy: "Look at the cause; nothing of this call was stored.",
  },
  storage_foreign: {
    stage: "before",
    meaning: "The database belongs to another program or to a newer version of this one.",
    remedy: "Name another file, or run the version that wrote it.",
  },
  // The attempt
  target_blocked: {
    stage: "during",
    meaning: "The target guard refused the address.",
    remedy: "Use a public address, or allow this one with HOOKWRIGHT_ALLOW_TARGETS.",
  },
  target_invalid: {
    stage: "during",
    meaning: "The URL cannot be requested.",
    remedy: "Use an absolute http or https URL.",
  },
  dns_failed: {
    stage: "during",
    meaning: "The receiver's name could not be resolved.",
    remedy: "Check the host name and the resolver of the machine.",
  },
  connection_refused: {
    stage: "during",
    meaning: "Nothing listens at the receiver's address.",
    remedy: "Start the receiver, or correct host and port.",
  },
  connection_failed: {
    stage: "during",
    meaning: "No connection could be made, or it broke before the answer.",
    remedy: "Check the network between here and the receiver.",
  },
  tls_failed: {
    stage: "during",
    meaning: "The TLS handshake failed or the certificate is not valid.",
    remedy: "Renew the receiver's certificate, or name its authority.",
  },
  timeout: {
    stage: "during",
    meaning: "The receiver did not answer in time.",
    remedy: "Answer first and work afterwards, or raise WEBHOOK_TIMEOUT.",
  },
  protocol_error: {
    stage: "during",
    meaning: "The receiver's answer is not HTTP.",
    remedy: "Correct the receiver: the cause tells what was wrong with its answer.",
  },
  answer_too_large: {
    stage: "during",
    meaning: "The head of the receiver's answer is too large.",
    remedy: "Send fewer or shorter response headers.",
  },
  http_status: {
    stage: "during",
    meaning: "The receiver answered with a status that is not 2xx.",
    remedy: "Make the receiver answer 2xx when it has taken the message.",
  },
  request_invalid: {
    stage: "during",
    meaning: "The request could not be built: a header or the body is not valid HTTP.",
    remedy: "Correct the middleware or the header that the cause names.",
  },
  middleware_failed: {
    stage: "during",
    meaning: "A middleware threw, timed out or broke the rules of next().",
    remedy: "Correct the middleware that is named; the delivery is repeated by itself.",
  },
  stopped: {
    stage: "during",
    meaning: "The attempt was given up because the service stopped.",
    remedy: "None needed: the delivery goes on after the next start.",
  },
  // After the attempt
  lease_lost: {
    stage: "after",
    meaning: "Another worker took the delivery over before this attempt was recorded.",
    remedy: "None needed; frequent ones mean that attempts outlast their lease.",
  },
  listener_failed: {
    stage: "after",
    meaning: "A listener threw or rejected.",
    remedy: "Correct the listener that is named; no delivery was affected.",
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** The key of one entry of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;
