import { deepFreeze } from "../foundation/deep-freeze.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { OrganizationId, ProjectId } from "../foundation/ids.js";
import { isJsonObject, type JsonObject } from "../foundation/json.js";
import { type Payload, payloadOf } from "../foundation/payload-bytes.js";
import { type OwnerScope, plainScope } from "../observe/owner-scope.js";
import type { Match } from "../webhook/webhook-index.js";

/** What a transform is told of the event. */
export interface TransformedEvent {
  /** The canonical action. */
  readonly action: string;
  readonly organization: OrganizationId;
  readonly project: ProjectId | null;
  readonly payload: JsonObject;
}

/** Another payload for some webhooks. Made once per message, before it is stored, so that every attempt sends the same bytes. */
export interface Transform {
  /** Names what it makes: letters, digits and `-`. */
  readonly variant: string;
  /** Whether a webhook gets this variant; every one unless given. The event is frozen. */
  readonly appliesTo?: (webhook: Match, event: TransformedEvent) => boolean;
  /** Returns the new payload, at once; the one it is given is a copy of its own. */
  readonly apply: (event: TransformedEvent) => JsonObject;
}

interface OwnedTransform {
  readonly owner: string;
  readonly transform: Transform;
}

/** Bytes of what one transform makes: a body of the default HOOKWRIGHT_MAX_BODY and more. It is held in memory and stored with each message. */
const largestVariant = 16 * 1_048_576;

const variantPattern = /^[A-Za-z0-9-]{1,64}$/;

/**
 * Decides which variant a webhook's delivery carries, and makes it. Transforms apply in the order in which they were added.
 * One that fails makes the emit fail: then nothing is stored, since the full payload might hold what it was to remove.
 */
export class Transforms {
  readonly #transforms = new Map<string, OwnedTransform>();
  readonly #scope: OwnerScope;

  /** Transforms are called through `scope`. */
  constructor(scope: OwnerScope = plainScope) {
    this.#scope = scope;
  }

  /** @throws HookwrightError `definition_invalid` when a field is wrong or the variant's name is taken. */
  add(owner: string, transform: Transform): Disposer {
    const { variant } = transform;
    const fault = faultOf(transform);
    if (fault !== undefined) throw new HookwrightError("definition_invalid", `A transform of ${owner} ${fault}.`);
    const other = this.#transforms.get(variant);
    if (other !== undefined) {
      throw new HookwrightError(
        "definition_invalid",
        `The variant ${variant} of ${owner} is taken by a transform of ${other.owner}. Rename one of them.`,
      );
    }
    this.#transforms.set(variant, { owner, transform });
    return disposeOnce(() => this.#transforms.delete(variant));
  }

  get isEmpty(): boolean {
    return this.#transforms.size === 0;
  }

  /**
   * The names of the variants that apply, joined by `+`; empty when none does.
   *
   * @throws HookwrightError `middleware_failed` when a transform fails.
   */
  choose(webhook: Match, event: TransformedEvent): string {
    // Every transform is asked about the same event: none may change it for the next one.
    deepFreeze(event);
    // It becomes the delivery: a transform that writes to it would send it elsewhere.
    Object.freeze(webhook);
    return [...this.#transforms.values()]
      .filter((owned) => this.#applies(owned, webhook, event))
      .map(({ transform }) => transform.variant)
      .join("+");
  }

  /**
   * Makes the payload that {@link choose} named.
   *
   * @throws HookwrightError `middleware_failed` when a transform fails or was taken out meanwhile.
   */
  make(variant: string, event: TransformedEvent): Payload {
    const [first = "", ...others] = variant.split("+");
    return others.reduce(
      (made, name) => this.#apply(name, { ...event, payload: made.value }),
      this.#apply(first, event),
    );
  }

  #applies(owned: OwnedTransform, webhook: Match, event: TransformedEvent): boolean {
    const { transform } = owned;
    const { variant } = transform;
    return this.#guarded({ variant, owned }, event, () => {
      const answer: unknown = transform.appliesTo === undefined || transform.appliesTo(webhook, event);
      if (isThenable(answer)) letGo(answer);
      // A promise would be true for all, and a forgotten return false for all.
      if (typeof answer !== "boolean") throw new TypeError("appliesTo must return true or false, and at once");
      return answer;
    });
  }

  #apply(variant: string, event: TransformedEvent): Payload {
    const owned = this.#transforms.get(variant);
    return this.#guarded({ variant, owned }, event, () => {
      if (owned === undefined) throw new TypeError("it was taken out meanwhile");
      const made: unknown = owned.transform.apply({ ...event, payload: structuredClone(event.payload) });
      if (isThenable(made)) letGo(made);
      if (!isJsonObject(made) || isThenable(made)) throw new TypeError("it must return a JSON object, and at once");
      // As code of the transform still: a getter or a toJSON in what it made is its own.
      const payload = payloadOf(made);
      if (payload.bytes.length > largestVariant)
        throw new TypeError(`it made ${payload.bytes.length} bytes, and ${largestVariant} are the most`);
      if (Object.hasOwn(payload.value, "action")) throw new TypeError('it must not add a member "action"');
      return payload;
    });
  }

  #guarded<Result>({ variant, owned }: Guarded, event: TransformedEvent, run: () => Result): Result {
    const name = owned?.owner ?? "core";
    try {
      return this.#scope.run({ name }, `transform ${variant}`, run);
    } catch (error) {
      throw new HookwrightError(
        "middleware_failed",
        `Transform ${variant} of ${name} failed for ${event.action}: ${messageOf(error)}.`,
        { cause: error, details: { plugin: name, variant } },
      );
    }
  }
}

interface Guarded {
  readonly variant: string;
  /** `undefined` when it was taken out. */
  readonly owned: OwnedTransform | undefined;
}

function faultOf(transform: Transform): string | undefined {
  const { variant, appliesTo, apply } = transform;
  if (typeof variant !== "string" || !variantPattern.test(variant))
    return 'needs a variant of 1 to 64 letters, digits or "-"';
  if (typeof apply !== "function") return "needs a function apply(event)";
  if (appliesTo !== undefined && typeof appliesTo !== "function") return "has an appliesTo that is no function";
  return undefined;
}

/** Nobody waits for what it promises: a rejection that nobody handles would end the process. */
function letGo(promised: PromiseLike<unknown>): void {
  Promise.resolve(promised).catch(() => undefined);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
