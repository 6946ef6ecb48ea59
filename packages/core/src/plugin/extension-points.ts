import type { EventOwner } from "../event/event-definition.js";
import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { Logger } from "../observe/logger.js";
import type { OwnerScope } from "../observe/owner-scope.js";
import type { Receiver } from "./plugin.js";
import { refuseNoToken, type Token } from "./token.js";

interface Offer {
  readonly owner: EventOwner;
  readonly receive: Receiver<unknown>;
}

interface Contribution {
  readonly owner: EventOwner;
  readonly value: unknown;
  /** How the receiver takes it back; `undefined` while it waits for one. */
  takeBack: (() => unknown) | undefined;
}

interface Point {
  readonly id: string;
  offer: Offer | undefined;
  readonly contributions: Set<Contribution>;
}

export interface ExtensionPorts {
  readonly scope: OwnerScope;
  readonly logger: Logger;
}

/**
 * Owns who offers which extension and who contributes to it. In whichever order the two come, each contribution reaches
 * the receiver once, and is taken back once when either side goes.
 */
export class ExtensionPoints {
  readonly #ports: ExtensionPorts;
  readonly #points = new Map<symbol, Point>();

  constructor(ports: ExtensionPorts) {
    this.#ports = ports;
  }

  /** @throws HookwrightError `token_taken` naming both, `definition_invalid` when it is no token or `receive` no function. */
  offer(owner: EventOwner, extension: Token, receive: Receiver<never>): Disposer {
    refuseNoToken(extension, "extension", label(owner));
    if (typeof receive !== "function") throw noReceiver(owner, extension.id);
    const point = this.#pointOf(extension);
    if (point.offer !== undefined) throw taken(extension.id, owner, point.offer.owner);
    // The token ties what is contributed to what is received.
    const offer: Offer = { owner, receive: receive as Receiver<unknown> };
    point.offer = offer;
    // What is contributed meanwhile is handed over where it is contributed; what is taken out meanwhile has gone.
    for (const contribution of [...point.contributions])
      if (point.contributions.has(contribution)) this.#handOverLate(point.id, offer, contribution);
    return disposeOnce(() => {
      for (const contribution of [...point.contributions].reverse()) this.#takeBack(point, contribution);
      point.offer = undefined;
      this.#dropUnused(extension.key, point);
    });
  }

  /** @throws HookwrightError `contribution_refused` when the receiver throws, `definition_invalid` when it is no token. */
  contribute(owner: EventOwner, extension: Token, value: unknown): Disposer {
    refuseNoToken(extension, "extension", label(owner));
    const point = this.#pointOf(extension);
    const contribution: Contribution = { owner, value, takeBack: undefined };
    if (point.offer !== undefined) this.#handOver(point.id, point.offer, contribution);
    point.contributions.add(contribution);
    return disposeOnce(() => {
      this.#takeBack(point, contribution);
      point.contributions.delete(contribution);
      this.#dropUnused(extension.key, point);
    });
  }

  #handOver(id: string, { owner, receive }: Offer, contribution: Contribution): void {
    try {
      const takeBack: unknown = this.#ports.scope.run(owner, `receiver of ${id}`, () =>
        receive(contribution.value, contribution.owner),
      );
      contribution.takeBack = typeof takeBack === "function" ? () => takeBack() : undefined;
      if (takeBack instanceof Promise) this.#blameLater(id, owner, takeBack);
    } catch (error) {
      throw new HookwrightError(
        "contribution_refused",
        `Extension ${id} of ${label(owner)} does not take what ${label(contribution.owner)} contributes: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /** Its type says that a receiver answers at once; a rejection that nobody handles would end the process. */
  #blameLater(id: string, owner: EventOwner, promised: Promise<unknown>): void {
    promised.catch((error: unknown) =>
      this.#ports.logger.error(
        `Extension ${id} of ${label(owner)} failed after it had taken a contribution: ${messageOf(error)}`,
        { plugin: owner.name, error },
      ),
    );
  }

  /** Whoever contributed has long gone on: there is nobody to throw at. */
  #handOverLate(id: string, offer: Offer, contribution: Contribution): void {
    try {
      this.#handOver(id, offer, contribution);
    } catch (error) {
      this.#ports.logger.error(messageOf(error), { plugin: contribution.owner.name, error });
    }
  }

  #takeBack(point: Point, contribution: Contribution): void {
    const { takeBack } = contribution;
    contribution.takeBack = undefined;
    if (takeBack === undefined || point.offer === undefined) return;
    const { owner } = point.offer;
    const blame = (error: unknown): void =>
      this.#ports.logger.error(
        `Extension ${point.id} of ${label(owner)} failed while it gave back what ${label(contribution.owner)} contributed`,
        { plugin: owner.name, error },
      );
    try {
      Promise.resolve(this.#ports.scope.run(owner, `receiver of ${point.id}`, takeBack)).catch(blame);
    } catch (error) {
      blame(error);
    }
  }

  #pointOf({ id, key }: Token): Point {
    const known = this.#points.get(key);
    if (known !== undefined) return known;
    const point: Point = { id, offer: undefined, contributions: new Set() };
    this.#points.set(key, point);
    return point;
  }

  #dropUnused(key: symbol, { offer, contributions }: Point): void {
    if (offer === undefined && contributions.size === 0) this.#points.delete(key);
  }
}

function label({ name, version }: EventOwner): string {
  return `${name}@${version}`;
}

function noReceiver(owner: EventOwner, id: string): HookwrightError {
  return new HookwrightError(
    "definition_invalid",
    `Plugin ${label(owner)} offers ${id} without a function that receives contributions.`,
  );
}

function taken(id: string, one: EventOwner, other: EventOwner): HookwrightError {
  return new HookwrightError(
    "token_taken",
    `Plugin ${label(one)} offers ${id}, which ${label(other)} offers already. Load one of them.`,
    { details: { token: id, claims: [other.name, one.name] } },
  );
}
