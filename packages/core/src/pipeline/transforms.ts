import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { OrganizationId, ProjectId } from "../foundation/ids.js";
import { isJsonObject, type JsonObject } from "../foundation/json.js";
import { type Payload, payloadOf } from "../foundation/payload-bytes.js";
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

const variantPattern = /^[A-Za-z0-9-]{1,64}$/;

/**
 * Decides which variant a webhook's delivery carries, and makes it. Transforms apply in the order in which they were added.
 * One that fails makes the emit fail: then nothing is stored, since the full payload might hold what it was to remove.
 */
export class Transforms {
  readonly #transforms = new Map<string, OwnedTransform>();

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
    deepFreeze(event);
    return [...this.#transforms.values()]
      .filter(({ transform }) => applies(transform, webhook, event))
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

  #apply(name: string, event: TransformedEvent): Payload {
    const transform = this.#transforms.get(name)?.transform;
    return guarded(name, event, () => {
      if (transform === undefined) throw new TypeError("it was taken out meanwhile");
      const made: unknown = transform.apply({ ...event, payload: structuredClone(event.payload) });
      if (!isJsonObject(made) || isThenable(made)) throw new TypeError("it must return a JSON object, and at once");
      const payload = payloadOf(made);
      if (Object.hasOwn(payload.value, "action")) throw new TypeError('it must not add a member "action"');
      return payload;
    });
  }
}

function faultOf(transform: Transform): string | undefined {
  const { variant, appliesTo, apply } = transform;
  if (typeof variant !== "string" || !variantPattern.test(variant))
    return 'needs a variant of 1 to 64 letters, digits or "-"';
  if (typeof apply !== "function") return "needs a function apply(event)";
  if (appliesTo !== undefined && typeof appliesTo !== "function") return "has an appliesTo that is no function";
  return undefined;
}

function applies(transform: Transform, webhook: Match, event: TransformedEvent): boolean {
  return guarded(transform.variant, event, () => {
    const answer: unknown = transform.appliesTo === undefined || transform.appliesTo(webhook, event);
    // A promise would be true for all, and a forgotten return false for all.
    if (typeof answer !== "boolean") throw new TypeError("appliesTo must return true or false, and at once");
    return answer;
  });
}

function guarded<Result>(variant: string, event: TransformedEvent, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw new HookwrightError(
      "middleware_failed",
      `Transform ${variant} failed for ${event.action}: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}

function isThenable(value: JsonObject): boolean {
  return typeof value["then"] === "function";
}

/** Every transform is asked about the same event: none may change it for the next one. */
function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}
