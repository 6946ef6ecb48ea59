import { HookwrightError } from "../foundation/hookwright-error.js";

/** What names an extension or a service, whatever it is of. */
export interface Token {
  readonly kind: "extension" | "service";
  /** `server/routes`: whose it is, and what. */
  readonly id: string;
  /** A registered symbol: two copies of this package, or of the package that exports the token, mean the same. */
  readonly key: symbol;
}

/**
 * Where others can add to a plugin: it offers the extension, others contribute to it. `Contribution` is what one of them
 * hands over.
 */
export interface Extension<Contribution> extends Token {
  readonly kind: "extension";
  /** Never there: it keeps the token's type from fitting another one. */
  readonly type?: (contribution: Contribution) => Contribution;
}

/** What a plugin does for others: one provides the service, others use it. */
export interface Service<Value> extends Token {
  readonly kind: "service";
  /** Never there: it keeps the token's type from fitting another one. */
  readonly type?: (value: Value) => Value;
}

/**
 * Defines an extension token, to be exported by the package whose plugin offers it.
 *
 * @throws HookwrightError `definition_invalid` unless the id is written `plugin/what`.
 *
 * @example
 * ```ts
 * import { defineExtension, definePlugin } from "@hookwright/core";
 *
 * export const checks = defineExtension<() => boolean>("health/checks");
 *
 * export const health = definePlugin({
 *   name: "health",
 *   version: "1.0.0",
 *   setup(ctx) {
 *     const all = new Set<() => boolean>();
 *     ctx.offer(checks, (check) => {
 *       all.add(check);
 *       return () => all.delete(check);
 *     });
 *   },
 * });
 *
 * export const disk = definePlugin({
 *   name: "disk",
 *   version: "1.0.0",
 *   setup(ctx) {
 *     ctx.contribute(checks, () => true);
 *   },
 * });
 * ```
 */
export function defineExtension<Contribution>(id: string): Extension<Contribution> {
  return Object.freeze({ kind: "extension", id: checkedId(id), key: Symbol.for(`hookwright:extension:${id}`) });
}

/**
 * Defines a service token, to be exported by the package whose plugin provides it.
 *
 * @throws HookwrightError `definition_invalid` unless the id is written `plugin/what`.
 *
 * @example
 * ```ts
 * import { definePlugin, defineService } from "@hookwright/core";
 *
 * export const rates = defineService<{ toEuro(amount: number, currency: string): number }>("rates/exchange");
 *
 * export const exchange = definePlugin({
 *   name: "rates",
 *   version: "1.0.0",
 *   setup: (ctx) => void ctx.provide(rates, { toEuro: (amount) => amount }),
 * });
 *
 * export const billing = definePlugin({
 *   name: "billing",
 *   version: "1.0.0",
 *   requires: { rates: "^1.0.0" },
 *   setup(ctx) {
 *     ctx.log.info(`10 dollars are ${ctx.service(rates).toEuro(10, "USD")} euros`);
 *   },
 * });
 * ```
 */
export function defineService<Value>(id: string): Service<Value> {
  return Object.freeze({ kind: "service", id: checkedId(id), key: Symbol.for(`hookwright:service:${id}`) });
}

/** @throws HookwrightError `definition_invalid` when it is no token of this kind; plugins in JavaScript hand in anything. */
export function refuseNoToken(token: unknown, kind: "extension" | "service", owner: string): void {
  const isToken = typeof token === "object" && token !== null && "key" in token && "kind" in token;
  if (isToken && token.kind === kind && typeof token.key === "symbol") return;
  const maker = kind === "extension" ? "defineExtension" : "defineService";
  throw new HookwrightError(
    "definition_invalid",
    `Plugin ${owner}: the ${kind} must be a token made with ${maker}(…).`,
  );
}

const idPattern = /^(?:@[a-z0-9-]+\/)?[a-z0-9-]+\/[a-z0-9-]+$/;

function checkedId(id: string): string {
  if (typeof id === "string" && id.length <= 128 && idPattern.test(id)) return id;
  throw new HookwrightError(
    "definition_invalid",
    `The id of a token must be a plugin's name and a word, such as server/routes, found ${JSON.stringify(String(id).slice(0, 128))}.`,
  );
}
