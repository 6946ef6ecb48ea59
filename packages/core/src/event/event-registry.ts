import { distance } from "fastest-levenshtein";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { JsonObject } from "../foundation/json.js";
import { type Payload, payloadOf } from "../foundation/payload-bytes.js";
import { version } from "../foundation/version.js";
import { checkDefinition } from "./check-definition.js";
import type { EventDefinition, EventOwner } from "./event-definition.js";
import { describeProblem, type PayloadProblem } from "./payload-problem.js";
import { type PayloadValidator, SchemaCompiler } from "./schema-compiler.js";

/** An event that can be emitted and asked for. */
export interface RegisteredEvent {
  readonly definition: EventDefinition;
  readonly owner: EventOwner;
  /** The canonical action, then the aliases. */
  readonly names: readonly string[];
  readonly validate: PayloadValidator;
}

/**
 * Owns which events exist. Each host has one registry: a process-wide one would make two hosts, or one that loads plugins
 * while it runs, share what they must not. Decorated classes and `defineEvent` end here alike.
 */
export class EventRegistry {
  readonly #events = new Map<string, RegisteredEvent>();
  readonly #byName = new Map<string, RegisteredEvent>();
  readonly #compilers = new Map<string, SchemaCompiler>();

  /**
   * @throws HookwrightError `action_taken` when another event has the action or an alias of it, naming both owners;
   * `definition_invalid` or `schema_invalid` when the definition is wrong. Nothing is registered then.
   */
  register(definition: EventDefinition, owner: EventOwner): Disposer {
    checkDefinition(definition, owner);
    const compiler = this.#compilers.get(owner.name) ?? new SchemaCompiler();
    const event = new LazyEvent(definition, owner, compiler);
    for (const name of event.names) this.#refuseTaken(name, event);
    // Core's own schemas are compiled when first needed, which keeps the start short; its tests compile them all.
    if (owner !== coreOwner) event.checkExample();
    this.#compilers.set(owner.name, compiler);
    this.#events.set(definition.action, event);
    for (const name of event.names) this.#byName.set(name, event);
    return disposeOnce(() => this.#remove(event));
  }

  /** The event with this action or alias. */
  find(name: string): RegisteredEvent | undefined {
    return this.#byName.get(name);
  }

  /** @throws HookwrightError `action_unknown`, with the nearest known name. */
  require(name: string): RegisteredEvent {
    const event = this.#byName.get(name);
    if (event !== undefined) return event;
    const nearest = this.nearest(name);
    throw new HookwrightError(
      "action_unknown",
      `No event is registered for action ${JSON.stringify(name.slice(0, 128))}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
      { details: { nearest } },
    );
  }

  /** In order of registration: core's first. */
  list(): readonly RegisteredEvent[] {
    return [...this.#events.values()];
  }

  /** The known action or alias that is most like `name`; `undefined` when none is like it. */
  nearest(name: string): string | undefined {
    const wanted = name.slice(0, 128).toUpperCase();
    let best: string | undefined;
    let bestDistance = Math.max(2, Math.ceil(wanted.length / 2)) + 1;
    for (const known of this.#byName.keys()) {
      const found = distance(wanted, known.toUpperCase());
      if (found < bestDistance) {
        bestDistance = found;
        best = known;
      }
    }
    return best;
  }

  #refuseTaken(name: string, { definition, owner }: RegisteredEvent): void {
    const other = this.#byName.get(name);
    if (other === undefined) return;
    throw new HookwrightError(
      "action_taken",
      `Event ${definition.action} of ${owner.name}@${owner.version} claims ${JSON.stringify(name)}, which belongs to event ` +
        `${other.definition.action} of ${other.owner.name}@${other.owner.version}. Rename one of them.`,
      { details: { name, claims: [other.owner.name, owner.name] } },
    );
  }

  #remove({ definition, names, owner }: RegisteredEvent): void {
    this.#events.delete(definition.action);
    for (const name of names) this.#byName.delete(name);
    // An owner's schemas are freed together, with the compiler.
    const last = ![...this.#events.values()].some((other) => other.owner.name === owner.name);
    if (last) this.#compilers.delete(owner.name);
  }
}

/** The owner of the built-in events. */
export const coreOwner: EventOwner = { name: "core", version };

/** @throws HookwrightError `payload_invalid` with JSON pointer, expected and found, unless the event's schema accepts the payload. */
export function refusePayload(event: RegisteredEvent, payload: Payload): void {
  const problem = Object.hasOwn(payload.value, "action")
    ? { pointer: "/action", expected: "no such member, since the body has an action of its own", found: "one" }
    : event.validate(payload.value);
  if (problem === undefined) return;
  throw new HookwrightError(
    "payload_invalid",
    `The payload of ${event.definition.action} is not valid at ${describeProblem(problem)}.`,
    { details: { problem } },
  );
}

class LazyEvent implements RegisteredEvent {
  readonly definition: EventDefinition;
  readonly owner: EventOwner;
  readonly names: readonly string[];
  readonly #compiler: SchemaCompiler;
  #validator: PayloadValidator | undefined;

  constructor(definition: EventDefinition, { name, version }: EventOwner, compiler: SchemaCompiler) {
    this.definition = definition;
    // No more of it: a plugin's manifest would keep all that the plugin holds alive.
    this.owner = { name, version };
    this.names = [definition.action, ...definition.aliases];
    this.#compiler = compiler;
  }

  validate = (value: unknown): PayloadProblem | undefined => {
    this.#validator ??= this.#compiler.compile(this.definition.schema, this.#label());
    return this.#validator(value);
  };

  checkExample(): void {
    const problem = this.validate(this.#example());
    if (problem === undefined) return;
    throw new HookwrightError(
      "definition_invalid",
      `The example of ${this.#label()} does not fit its own schema: ${describeProblem(problem)}.`,
    );
  }

  /** What would leave if the example were emitted. */
  #example(): JsonObject {
    try {
      return payloadOf(this.definition.example).value;
    } catch (error) {
      throw new HookwrightError(
        "definition_invalid",
        `The example of ${this.#label()} cannot be emitted: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  #label(): string {
    return `event ${this.definition.action} of ${this.owner.name}@${this.owner.version}`;
  }
}
