// Time
export { ManualClock, manualClockStart } from "./manual-clock.js";

// Builders
export { organizationId, projectId, webhookId } from "./builders/ids.js";
export { MessageBuilder } from "./builders/message-builder.js";
export { attempt, settlement } from "./builders/settlement-builder.js";
export { newWebhook } from "./builders/webhook-builder.js";

// Transport
export { answered, type ScriptedAnswer, ScriptedTransport, unreachable } from "./scripted-transport.js";
export { transportContract } from "./transport-contract/transport-contract.js";
export type { ReceiverTurn, TransportContractOptions, TransportScene } from "./transport-contract/transport-scene.js";

// The law of every store
export type { StoreContractOptions } from "./store-contract/law.js";
export type { OpenedStore } from "./store-contract/opened-store.js";
export { storeContract } from "./store-contract/store-contract.js";
