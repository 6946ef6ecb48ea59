// Must stay first: the decorators below write metadata while they are loaded.
import "reflect-metadata";

// The facade
export type { Composition, SecretKeySource, Settings } from "./composition.js";
export type { Emit, EmitOptions } from "./emit/emit-call.js";
export type { EmitReceipt } from "./emit/emit-event.js";
export type { DeliveryApi, DeliveryListOptions } from "./delivery-api.js";
export type { RotateSecretOptions, SecretApi, SecretOptions } from "./secret-api.js";
export type { SealingApi } from "./sealing-api.js";
export type { ResealOptions, ResealReport } from "./secret/reseal-all.js";
export type { ValueSurvey } from "./secret/survey-values.js";
export type { SealState } from "./secret/vault.js";
export type { IssuedSecret } from "./subscribe/manage-secrets.js";
export type { JobApi, JobListOptions } from "./job-api.js";
export type { OrganizationOptions } from "./foundation/organization-scope.js";
export type { ReplayOptions } from "./replay/replay-request.js";
export type { ReplaySurvey } from "./replay/replay-survey.js";
export type {
  ListOptions,
  PreviewOptions,
  TestOptions,
  UpdateOptions,
  WebhookApi,
  WebhookCreation,
} from "./webhook-api.js";
export type { EventApi, StartOptions, StopOptions, Webhooks } from "./webhooks.js";
export { createWebhooks } from "./webhooks.js";

// Events
export { defineEvent } from "./event/define-event.js";
export type { AnyEventClass, EventClass, EventInstance } from "./event/event-class.js";
export { EventOf, WebhookEvent } from "./event/event-class.js";
export type { EventDefinition, EventOptions, EventOwner, EventScope } from "./event/event-definition.js";
export type { RegisteredEvent } from "./event/event-registry.js";
export type { Infer, JsonSchema } from "./event/json-schema.js";
export type { PayloadProblem } from "./event/payload-problem.js";
export type { PayloadValidator } from "./event/schema-compiler.js";
export type { BuiltinEvents, KnownAction, WebhookEventMap } from "./event/webhook-event-map.js";
export { ProjectCreated, ProjectDeleted, ProjectUpdated } from "./event/builtin/project-events.js";
export { TasksCreated, TasksDeleted } from "./event/builtin/task-events.js";
export {
  AnnotationCreated,
  AnnotationsCreated,
  AnnotationsDeleted,
  AnnotationUpdated,
} from "./event/builtin/annotation-events.js";
export { LabelLinkCreated, LabelLinkDeleted, LabelLinkUpdated } from "./event/builtin/label-link-events.js";
export { DeliveryExhausted, DeliveryRecovered, WebhookDisabled } from "./event/builtin/operational-events.js";

// Plugins, middleware, transforms
export type {
  AnyPluginManifest,
  ConfiguredPlugin,
  EventSource,
  EventsOf,
  Plugin,
  PluginContext,
  PluginManifest,
  Receiver,
} from "./plugin/plugin.js";
export { definePlugin } from "./plugin/plugin.js";
export type { Extension, Service, Token } from "./plugin/token.js";
export { defineExtension, defineService } from "./plugin/token.js";
export type {
  PluginApi,
  PluginParts,
  PluginState,
  PluginStatus,
  UnloadOptions,
  WaitingOn,
} from "./plugin/plugin-status.js";
export type { BootProblem } from "./plugin/boot-error.js";
export { BootError } from "./plugin/boot-error.js";
export type {
  Handler,
  HandlerCall,
  HandlerEmit,
  HandlerEmitOptions,
  HandlerOptions,
  HandlerState,
} from "./handle/handler.js";
export type { OrganizationState, PluginStates, StateValue } from "./handle/plugin-state.js";
export type { Middleware, MiddlewareOptions, Next, Phase } from "./pipeline/middleware.js";
export type { OutgoingRequest } from "./pipeline/outgoing-request.js";
export type { Transform, TransformedEvent } from "./pipeline/transforms.js";

// Webhooks and deliveries
export type {
  DisabledReason,
  Webhook,
  WebhookSettings,
  WebhookSubscription,
  WebhookTarget,
} from "./webhook/webhook.js";
export type { SigningSecret } from "./webhook/signing-secret.js";
export type { SecretScheme } from "./secret/secret-scheme.js";
export { secretScheme } from "./plugin/secret-scheme-token.js";
export type { Match } from "./webhook/webhook-index.js";
export type {
  BodyForm,
  ClaimedDelivery,
  DeliveryStatus,
  HandlerLease,
  Lease,
  Message,
  PendingDelivery,
  WebhookLease,
} from "./delivery/delivery.js";
export type {
  Answered,
  Interrupted,
  Outcome,
  ReceiverErrorCode,
  SenderFailed,
  Unreachable,
} from "./delivery/outcome.js";
export type { Verdict } from "./delivery/verdict.js";
export type { Attempt, ReceiverEffect, Settlement, Strain } from "./delivery/attempt.js";
export type { DeliveryFact, DisabledFact, Note } from "./delivery/note.js";

// Stores
export type { Store, StoreCapabilities } from "./store/store.js";
export type {
  EmitEntry,
  EmitResult,
  HandOver,
  IdempotencyClaim,
  MessageDraft,
  MessageLog,
} from "./store/message-log.js";
export type {
  NewWebhook,
  Reseal,
  SealableValues,
  SealableWebhook,
  SecretsChange,
  StoredSecret,
  StoredTarget,
  SubscriptionChanges,
  WebhookChange,
  WebhookFilter,
  WebhookPage,
  WebhookStore,
} from "./store/webhook-store.js";
export type {
  ClaimedBatch,
  ClaimOptions,
  Deactivation,
  DeliveryQueue,
  RetryResult,
  SettledBatch,
} from "./store/delivery-queue.js";
export type { AttemptLog, DeliveryDetail, DeliveryFilter, DeliveryPage, DeliveryRecord } from "./store/attempt-log.js";
export type {
  CommitResult,
  CommittedBatch,
  HandlerCommit,
  HandlerName,
  HandlerSettings,
  PluginStateStore,
  StateChange,
  StateEntry,
  StateOwner,
} from "./store/plugin-state-store.js";
export type { NoteLog } from "./store/note-log.js";
export type {
  AddedDelivery,
  Job,
  JobPage,
  JobState,
  JobStep,
  JobStepResult,
  JobStore,
  MessageHead,
  NewJob,
  ReplayPage,
  ReplayRequest,
  ReplayScope,
} from "./store/job-store.js";
export type { AccessStore, AccessToken } from "./store/access-store.js";
export { createMemoryStore } from "./store/memory-store.js";

// Transport
export type { Transport, TransportOutcome, WireRequest } from "./transport/transport.js";
export type { AllowRules } from "./transport/allow-rules.js";
export { parseAllowTargets } from "./transport/allow-rules.js";
export { TargetGuard } from "./transport/target-guard.js";

// Observing
export { blameOf } from "./observe/blame.js";
export type { DeliveryNews, Listener, NotificationName, Notifications, StrayOrigin } from "./observe/hub.js";
export type { LogFields, Logger, LogLevel } from "./observe/logger.js";
export { silentLogger } from "./observe/logger.js";

// Foundation
export type { Clock, Timer, TimerOptions } from "./foundation/clock.js";
export { systemClock } from "./foundation/clock.js";
export type { Disposer } from "./foundation/disposer.js";
export type { ErrorCode, ErrorCodeEntry, FailureStage } from "./foundation/error-codes.js";
export { errorCodes } from "./foundation/error-codes.js";
export type { HookwrightErrorOptions } from "./foundation/hookwright-error.js";
export { HookwrightError } from "./foundation/hookwright-error.js";
export type {
  DeliveryId,
  HandlerId,
  JobId,
  MessageId,
  OrganizationId,
  ProjectId,
  TargetId,
  WebhookId,
} from "./foundation/ids.js";
export type { JsonObject, JsonValue } from "./foundation/json.js";
export type { Payload } from "./foundation/payload-bytes.js";
export { version } from "./foundation/version.js";
