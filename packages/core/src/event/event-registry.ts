import { deepFreeze } from "../foundation/deep-freeze.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { JsonObject } from "../foundation/json.js";
import { nearestName } from "../foundation/nearest-name.js";
import { type Payload, payloadOf } from "../foundation/payload-bytes.js";
import { version } from "../foundation/version.js";
import { checkDefinition } from "./check-definition.js";
import type { EventDefinition, EventOwner } from "./event-definition.js";
import { describeProblem, type PayloadProblem } from "./payload-problem.js";
import { type PayloadValidator, plainSchema, SchemaCompiler } from "./schema-compiler.js";

/** An event that can be emitted and asked for. */
export interface RegisteredEvent {
  readonly definition: EventDefinition;
  readonly owner: EventOwner;
  /** The canonical action, then the aliases. */
  readonly names: readonly string[];
  /** Whether it can be emitted at this moment: a plugin's event only while the plugin is started. */
  readonly isOpen: boolean;
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
   * From now on the names are taken; emitted is the event only while `isOpen` says so.
   *
   * @throws HookwrightError `action_taken` when another event has the action or an alias of it, naming both owners;
   * `definition_invalid` or `schema_invalid` when the definition is wrong. Nothing is registered then.
   */
  register(definition: EventDefinition, owner: EventOwner, isOpen: () => boolean = always): Disposer {
    checkDefinition(definition, owner);
    const compiler = this.#compilers.get(owner.name) ?? new SchemaCompiler();
    const event = new LazyEvent({ definition, owner, isOpen }, compiler);
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

  /** For whoever emits it. @throws HookwrightError `action_unknown`, also while the event's plugin is not started. */
  requireOpen(name: string): RegisteredEvent {
    const event = this.require(name);
    refuseClosed(event);
    return event;
  }

  /** In order of registration: core's first. */
  list(): readonly RegisteredEvent[] {
    return [...this.#events.values()];
  }

  /** The known action or alias that is most like `name`; `undefined` when none is like it. */
  nearest(name: string): string | undefined {
    return nearestName(name, this.#byName.keys());
  }

  #refuseTaken(name: string, { definition, owner }: RegisteredEvent): void {
    const other = this.#byName.get(name);
    if (other === undefined) return;
    throw new HookwrightError(
      "action_taken",
      `Event ${definition.action} of ${owner.name}@${owner.version} claims ${JSON.stringify(name)}, which belongs to event ` +
        `${other.definition.action} of ${other.owner.name}@${other.owner.version}. Rename one of them.`,
      {
        details: {
          name,
          claims: [other.owner.name, owner.name],
          expected: `${JSON.stringify(name)} of event ${definition.action} to be its alone`,
          found: `event ${other.definition.action} of ${other.owner.name}@${other.owner.version} under this name`,
        },
      },
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

/**
 * What its plugin removes or signs would leave as it is while not all of the plugin is there.
 *
 * @throws HookwrightError `action_unknown` unless the event can be emitted at this moment.
 */
export function refuseClosed({ definition, owner, isOpen }: RegisteredEvent): void {
  if (isOpen) return;
  throw new HookwrightError(
    "action_unknown",
    `Event ${definition.action} cannot be emitted: its plugin ${owner.name}@${owner.version} has not started, or is stopped.`,
  );
}

/** An event as it is handed to `register`. */
interface Registration {
  readonly definition: EventDefinition;
  readonly owner: EventOwner;
  readonly isOpen: () => boolean;
}

const always = (): boolean => true;

class LazyEvent implements RegisteredEvent {
  definition: EventDefinition;
  readonly owner: EventOwner;
  readonly names: readonly string[];
  readonly #isOpen: () => boolean;
  readonly #compiler: SchemaCompiler;
  #validator: PayloadValidator | undefined;

  constructor({ definition, owner: { name, version }, isOpen }: Registration, compiler: SchemaCompiler) {
    this.definition = definition;
    // No more of it: a plugin's manifest would keep all that the plugin holds alive.
    this.owner = { name, version };
    this.names = [definition.action, ...definition.aliases];
    this.#isOpen = isOpen;
    this.#compiler = compiler;
  }

  get isOpen(): boolean {
    return this.#isOpen();
  }

  validate = (value: unknown): PayloadProblem | undefined => {
    this.#validator ??= this.#compiler.compile(this.definition.schema, this.#label());
    return this.#validator(value);
  };

  checkExample(): void {
    this.#keepCopy();
    const problem = this.validate(this.definition.example);
    if (problem === undefined) return;
    throw new HookwrightError(
      "definition_invalid",
      `The example of ${this.#label()} does not fit its own schema: ${describeProblem(problem)}.`,
      {
        details: {
          expected: `the example of event ${this.definition.action} at ${problem.pointer || "its top"} to be ${problem.expected}`,
          found: problem.found,
        },
      },
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

  /** Each part is read once: what is checked is what is shown from now on, whatever the author's code does to its own. */
  #keepCopy(): void {
    const { aliases, bulk, schema, ...rest } = this.definition;
    const copy = { aliases: [...aliases], bulk: [...bulk], schema: plainSchema(schema, this.#label()) };
    this.definition = deepFreeze({ ...rest, ...copy, example: this.#example() });
  }

  #label(): string {
    return `event ${this.definition.action} of ${this.owner.name}@${this.owner.version}`;
  }
}
