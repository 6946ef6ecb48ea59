import { expectTypeOf, test } from "vitest";
import type { PluginContext } from "./plugin.js";
import { definePlugin } from "./plugin.js";
import { defineExtension, defineService } from "./token.js";

interface Route {
  readonly path: string;
}

const routes = defineExtension<Route>("server/routes");
const words = defineExtension<string>("server/words");
const now = defineService<() => number>("time/now");

declare const ctx: PluginContext<unknown>;

test("an extension types what is contributed and what is received", () => {
  ctx.contribute(routes, { path: "/one" });
  ctx.offer(routes, (route, from) => {
    expectTypeOf(route).toEqualTypeOf<Route>();
    expectTypeOf(from.name).toEqualTypeOf<string>();
    return undefined;
  });
  ctx.offer(words, (word) => {
    word.trim();
  });
  // @ts-expect-error: a path is wanted
  ctx.contribute(routes, { paths: "/one" });
  // @ts-expect-error: no route
  ctx.contribute(routes, "/one");
  // @ts-expect-error: the receiver takes something else
  ctx.offer(routes, (word: string) => word.trim);
});

test("a service types what is provided and what is used", () => {
  ctx.provide(now, () => 7);
  expectTypeOf(ctx.service(now)).toEqualTypeOf<() => number>();
  // @ts-expect-error: a number is wanted
  ctx.provide(now, () => "seven");
});

test("tokens of one kind or type do not fit another", () => {
  // @ts-expect-error: a service is no extension
  ctx.contribute(now, () => 7);
  // @ts-expect-error: an extension is no service
  ctx.service(routes);
  // @ts-expect-error: another extension's type
  const other: typeof routes = words;
  expectTypeOf(other).not.toEqualTypeOf(words);
});

test("a plugin is used as it is, or called with a configuration that fits its schema", () => {
  const billing = definePlugin({
    name: "billing",
    version: "1.0.0",
    requires: { rates: "^1.0.0" },
    config: { type: "object", properties: { currency: { type: "string" } }, required: ["currency"] },
    setup({ config }) {
      expectTypeOf(config.currency).toEqualTypeOf<string>();
    },
  });
  const list: Parameters<typeof billing> extends [infer Config] ? Config : never = { currency: "EUR" };
  expectTypeOf([billing, billing(list)]).not.toBeAny();
  // @ts-expect-error: the currency is missing
  billing({});
  // @ts-expect-error: no such field
  definePlugin({ name: "billing", version: "1.0.0", requirements: {} });
  // @ts-expect-error: ranges are texts
  definePlugin({ name: "billing", version: "1.0.0", requires: { rates: 1 } });
});
