// For Hookwright's own packages: nothing here is a promise to anyone else.
import "reflect-metadata";

// Foundation
export { isDnsName, machineName } from "./foundation/dns-name.js";
export { parseDuration } from "./foundation/durations.js";
export { messageOf } from "./foundation/hookwright-error.js";
export { IdSource, idBound, isHandlerId, timeOfId } from "./foundation/ids.js";
export { isJsonObject } from "./foundation/json.js";
export { jsonDepth, jsonMembers } from "./foundation/json-bytes.js";
export { checkedPayload, deepestPayload } from "./foundation/payload-bytes.js";

// Events
export { isOperational } from "./event/builtin/operational-events.js";
export { describeProblem } from "./event/payload-problem.js";
export { SchemaCompiler } from "./event/schema-compiler.js";

// Emitting
export { readEmit } from "./emit/read-emit.js";

// Deliveries
export { parseRetrySchedule } from "./delivery/retry-schedule.js";

// Stores that one process has for itself
export { isWellAgain, type LaneSettings, LaneTable, type TakenTurn } from "./store/lanes.js";
export { type HeldLease, LeaseTable } from "./store/leases.js";

// Subscribing
export { checkBoolean, checkProject } from "./subscribe/field-checks.js";
export { type FieldProblem, type FieldProblems, fieldProblemsOf } from "./subscribe/field-problems.js";
export { pythonTypeOf } from "./subscribe/python-names.js";

// Secrets
export { discardUnreadable, findUnreadable, type UnreadableValues } from "./secret/discard-unreadable.js";
export { surveyStored } from "./secret/survey-values.js";
export { SealedWebhooks } from "./secret/sealed-webhooks.js";

// Pipeline
export { bodyOf } from "./pipeline/payload-stripping-layer.js";
export { OutgoingRequest } from "./pipeline/outgoing-request.js";
export { Pipeline } from "./pipeline/pipeline.js";

// Observing
export { currentPlugin } from "./observe/blame.js";
export { Watchdog } from "./observe/watchdog.js";

// Transport
export { parseEgressProxy } from "./transport/egress-proxy.js";
export { parseNameServers } from "./transport/name-servers.js";
export { readCertificates, readClientCertificate } from "./transport/tls-identity.js";
export { createUndiciTransport } from "./transport/undici-transport.js";

// The host
export { ownerScopeOf } from "./webhooks.js";
