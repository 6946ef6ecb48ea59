// Time
export { ManualClock, manualClockStart } from "./manual-clock.js";

// The kit of plugin authors
export { createTestHost, type TestHostOptions } from "./test-host/create-test-host.js";
export type { AcceptedEvent } from "./test-host/delivery-report.js";
export { RealReceiver, type RealReceiverOptions, startReceiver } from "./test-host/real-receiver.js";
export type { FullAnswer, ReceivedRequest, ReceiverAnswer, ReceiverScript } from "./test-host/received-request.js";
export type { LogLine } from "./test-host/recorded-log.js";
export { type ReceiverOptions, TestHost, type WaitOptions } from "./test-host/test-host.js";
export type { TestReceiver } from "./test-host/test-receiver.js";

// Builders
export { organizationId, projectId, webhookId } from "./builders/ids.js";
export { MessageBuilder } from "./builders/message-builder.js";
export { attempt, settlement } from "./builders/settlement-builder.js";
export { newWebhook } from "./builders/webhook-builder.js";

// Transport
export { answered, type ScriptedAnswer, ScriptedTransport, unreachable } from "./scripted-transport.js";
export { transportContract } from "./transport-contract/transport-contract.js";
export type { ReceiverTurn, TransportContractOptions, TransportScene } from "./transport-contract/transport-scene.js";

// The law of every middleware
export { middlewareContract } from "./middleware-contract/middleware-contract.js";
export type { MiddlewareContractOptions } from "./middleware-contract/middleware-scene.js";

// The law of every store
export type { StoreContractOptions } from "./store-contract/law.js";
export type { OpenedStore } from "./store-contract/opened-store.js";
export { storeContract } from "./store-contract/store-contract.js";
