import type { HandlerCall, JsonValue } from "@hookwright/core";
import type { BadPluginCase, Sign } from "./bad-plugin-case.js";
import type { BadPluginScene } from "./bad-plugin-scene.js";
import { badPlugin, badThing } from "./bad-thing.js";

const twenty = Array.from({ length: 20 }, (_, index) => index + 1);

/** Lets others come between a read and a write. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function emitTwenty(scene: BadPluginScene): Promise<void> {
  await Promise.all(twenty.map((n) => scene.emitBad({ n })));
}

const counted = (text: string): Sign => ({ kind: "noted", text });

export const racesOnState: readonly BadPluginCase[] = [
  {
    name: "two handlers count under one key",
    fault:
      "Twenty events are counted by two handlers at once that read, wait and write: each would overwrite the other.",
    plugins: (notebook) => {
      const count = async ({ state }: HandlerCall): Promise<void> => {
        const value = ((await state.get<number>("count")) ?? 0) + 1;
        await aMoment();
        state.set("count", value);
      };
      return [
        badPlugin({
          setup(ctx) {
            ctx.handle(badThing, count, { name: "one", retry: "5s,5s,5s,5s,5s,5s,5s,5s,5s,5s" });
            ctx.handle(badThing, count, { name: "two", retry: "5s,5s,5s,5s,5s,5s,5s,5s,5s,5s" });
            ctx.on("handler.recorded", async () => {
              const value = await ctx.state.of(1).get("count");
              notebook.note(`the count is ${value}`);
            });
          },
        }),
      ];
    },
    provoke: emitTwenty,
    expectation: { kind: "contained", signs: [counted("the count is 40")] },
  },
  {
    name: "a handler that fails has written and emitted before",
    fault: "It sets its state, emits an event, and then throws: nothing of it may be kept.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.handle(
            badThing,
            async ({ payload, state, emit, attempt }) => {
              if (payload.n !== 1) return;
              const before = (await state.get<number>("count")) ?? 0;
              state.set("count", before + 1);
              emit(badThing, { n: 2 });
              if (attempt < 3) throw new Error("boom");
              notebook.note(`before the last attempt the count was ${before}`);
            },
            { retry: "5s,5s" },
          ),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        counted("before the last attempt the count was 0"),
        { kind: "received", body: '{"action":"BAD_THING","n":2,"project":{"id":1}}', times: 1 },
        { kind: "attempt", action: "BAD_THING", facts: { code: "handler_failed", number: 2 } },
      ],
    },
  },
  {
    name: "a route and a handler change one key",
    fault: "What is outside of a handler writes over what it has read.",
    plugins: (notebook) => [
      badPlugin({
        setup(ctx) {
          ctx.handle(badThing, async ({ state }) => {
            const value = ((await state.get<number>("count")) ?? 0) + 1;
            if (value === 1) await ctx.state.of(1).update<number>("count", (count) => (count ?? 0) + 100);
            state.set("count", value);
          });
          ctx.on("handler.recorded", async ({ code }) =>
            notebook.note(`${code}: ${await ctx.state.of(1).get("count")}`),
          );
        },
      }),
    ],
    expectation: { kind: "contained", signs: [counted("null: 101")] },
  },
  ...badStates(),
];

/** What a state cannot keep. */
function badStates(): readonly BadPluginCase[] {
  const circle: Record<string, unknown> = {};
  circle["itself"] = circle;
  const values: readonly (readonly [string, unknown])[] = [
    ["a circle", circle],
    ["a function", () => undefined],
    ["a big integer", 6n],
    ["nothing at all", undefined],
    ["a megabyte", "x".repeat(1_000_000)],
    [
      "something that throws when it is written",
      {
        toJSON() {
          throw new Error("not to be written");
        },
      },
    ],
  ];
  const keys: readonly (readonly [string, unknown])[] = [
    ["an empty key", ""],
    ["a key of 201 characters", "k".repeat(201)],
    ["a key that is no text", 6],
    ["half a character as a key", "\ud800"],
  ];
  return [
    ...values.map(([what, value]) => ({ what, key: "key" as unknown, value })),
    ...keys.map(([what, key]) => ({ what, key, value: 1 as unknown })),
  ].map(
    ({ what, key, value }): BadPluginCase => ({
      name: `a handler writes ${what} into its state`,
      fault: `It hands in ${what}, which cannot be kept.`,
      plugins: (notebook) => [
        badPlugin({
          setup: (ctx) =>
            void ctx.handle(badThing, async ({ state }) => {
              await notebook.tried(() => state.set(key as string, value as JsonValue));
              await notebook.tried(() => ctx.state.of(1).compareAndSet(key as string, 0, value as JsonValue));
              notebook.note(`${notebook.caught.length} were refused`);
            }),
        }),
      ],
      expectation: {
        kind: "contained",
        signs: [
          { kind: "caught", code: "state_invalid", tells: [] },
          // To outside code, nothing at all means: take the key out.
          counted(what === "nothing at all" ? "1 were refused" : "2 were refused"),
        ],
      },
    }),
  );
}
