import "reflect-metadata";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { completeDefinition, type EventDefinition, type EventOptions } from "./event-definition.js";
import type { Infer, JsonSchema } from "./json-schema.js";

/** Metadata keys are registered symbols so that two installed copies of this package agree on them. */
const schemaKey = Symbol.for("@hookwright/core/event-schema");
const definitionKey = Symbol.for("@hookwright/core/event-definition");

/** One event that happened: an instance of a decorated class. */
export interface EventInstance<Payload = unknown> {
  readonly payload: Payload;
}

/** The constructor of an event class. */
export interface EventClass<Payload = unknown> {
  // A construct signature, not a class type: its parameter is compared strictly, so a wrong example does not compile.
  new (payload: Payload): EventInstance<Payload>;
}

/**
 * The base class of an event: the schema types `payload` and the constructor.
 *
 * @example
 * ```ts
 * import { EventOf, WebhookEvent } from "@hookwright/core";
 *
 * const schema = { type: "object", required: ["sku"], properties: { sku: { type: "string" } } } as const;
 *
 * @WebhookEvent({ action: "STOCK_LOW", summary: "An article runs out.", example: { sku: "A-1" } })
 * export class StockLow extends EventOf(schema) {}
 * ```
 */
export function EventOf<const Schema extends JsonSchema>(schema: Schema): EventClass<Infer<Schema>> {
  class Event {
    readonly payload: Infer<Schema>;

    constructor(payload: Infer<Schema>) {
      this.payload = payload;
    }
  }
  Reflect.defineMetadata(schemaKey, schema, Event);
  return Event;
}

/**
 * Makes a class that extends {@link EventOf} an event. Works as a legacy and as a standard decorator. The event exists for
 * a service once a plugin lists the class in `events`.
 *
 * @throws HookwrightError `definition_invalid` when the class does not extend `EventOf(schema)`.
 */
export function WebhookEvent<const Action extends string, Example>(
  options: EventOptions<Action, Example>,
): (target: new (payload: Example) => EventInstance, context?: ClassDecoratorContext) => void {
  return (target) => {
    const schema: unknown = Reflect.getMetadata(schemaKey, target);
    if (typeof schema !== "object" || schema === null) {
      throw new HookwrightError(
        "definition_invalid",
        `@WebhookEvent on class ${nameOf(target)}: the class has no schema. Write: class ${nameOf(target)} extends EventOf(schema) {}.`,
      );
    }
    Reflect.defineMetadata(definitionKey, completeDefinition(options, { ...schema }), target);
  };
}

/** Any event class, whatever its payload. */
export type AnyEventClass = new (payload: never) => EventInstance;

/** The definition behind a decorated class, an instance of one, or a definition itself; `undefined` for anything else. */
export function definitionOf(event: unknown): EventDefinition | undefined {
  if (typeof event === "function") return ownDefinition(event);
  if (typeof event !== "object" || event === null) return undefined;
  // By its members, not by its maker: it may come from a second copy of this package. What they hold is checked when it is registered.
  if (Object.hasOwn(event, "action") && Object.hasOwn(event, "schema")) return event as EventDefinition;
  return typeof event.constructor === "function" ? ownDefinition(event.constructor) : undefined;
}

/** A subclass of a decorated class is no event of its own: only the class that carries the decorator is. */
function ownDefinition(target: object): EventDefinition | undefined {
  return Reflect.getOwnMetadata(definitionKey, target) as EventDefinition | undefined;
}

function nameOf(target: unknown): string {
  return typeof target === "function" && target.name !== "" ? target.name : "(anonymous)";
}
