import { defineEvent, defineExtension, definePlugin, defineService } from "@hookwright/core";
import type { BadPluginCase } from "./bad-plugin-case.js";
import { badBody, badPlugin, badThing } from "./bad-thing.js";
import { witnessSeen } from "./witness.js";

interface Claim {
  readonly action: string;
  readonly aliases?: readonly string[];
}

function event({ action, aliases = [] }: Claim): typeof badThing {
  const { summary, schema, example } = badThing;
  return defineEvent({ action: action as "BAD_THING", aliases, summary, schema, example } as never) as typeof badThing;
}

function plugin(name: string, ...claims: readonly Claim[]): ReturnType<typeof definePlugin> {
  return definePlugin({ name, version: "6.6.6", events: claims.map(event) }) as ReturnType<typeof definePlugin>;
}

interface Clash {
  readonly name: string;
  readonly fault: string;
  readonly claims: readonly Claim[];
  readonly tells: readonly string[];
}

const clashes: readonly Clash[] = [
  {
    name: "an action of core",
    fault: "It defines an event that core has.",
    claims: [{ action: "TASKS_CREATED" }],
    tells: ["TASKS_CREATED", "bad@6.6.6", "core@"],
  },
  {
    name: "an alias of core as its action",
    fault: "It defines an event under a name that core's event is known by.",
    claims: [{ action: "TASK_CREATED" }],
    tells: ["TASK_CREATED", "TASKS_CREATED", "bad@6.6.6", "core@"],
  },
  {
    name: "an action of core as its alias",
    fault: "Its event wants to be known by the name of core's event.",
    claims: [{ action: "BAD_THING", aliases: ["PROJECT_CREATED"] }],
    tells: ["PROJECT_CREATED", "BAD_THING", "bad@6.6.6", "core@"],
  },
  {
    name: "one action twice",
    fault: "It lists two events under one name.",
    claims: [{ action: "BAD_THING" }, { action: "BAD_THING" }],
    tells: ["BAD_THING", "bad@6.6.6"],
  },
  {
    name: "one alias twice",
    fault: "Two of its events want to be known by one name.",
    claims: [
      { action: "BAD_THING", aliases: ["BAD"] },
      { action: "WORSE_THING", aliases: ["BAD"] },
    ],
    tells: ['"BAD"', "BAD_THING", "WORSE_THING", "bad@6.6.6"],
  },
];

const badActions: readonly (readonly [string, Claim])[] = [
  ["empty", { action: "" }],
  ["a member of every object", { action: "__proto__" }],
  ["one with a line break", { action: "BAD\nTHING" }],
  ["one with a quotation mark", { action: 'BAD","action":"TASKS_CREATED' }],
  ["one of 129 characters", { action: "B".repeat(129) }],
  ["one with a bad alias", { action: "BAD_THING", aliases: ["no alias"] }],
  ["its own alias", { action: "BAD_THING", aliases: ["BAD_THING"] }],
];

const point = defineExtension<string>("bad/point");
const service = defineService<string>("bad/service");

export const takesWhatIsTaken: readonly BadPluginCase[] = [
  ...clashes.map(
    ({ name, fault, claims, tells }): BadPluginCase => ({
      name,
      fault,
      plugins: () => [plugin("bad", ...claims)],
      expectation: { kind: "refused-at-boot", problems: [{ code: "action_taken", tells }] },
    }),
  ),
  {
    name: "an action of another plugin",
    fault: "Two plugins define one event.",
    plugins: () => [plugin("bad", { action: "BAD_THING" }), plugin("worse", { action: "BAD_THING" })],
    expectation: {
      kind: "refused-at-boot",
      problems: [{ code: "action_taken", tells: ["BAD_THING", "bad@6.6.6", "worse@6.6.6"] }],
    },
  },
  {
    name: "the alias of another plugin",
    fault: "Two plugins want one name for two events.",
    plugins: () => [
      plugin("bad", { action: "BAD_THING", aliases: ["SHARED"] }),
      plugin("worse", { action: "WORSE_THING", aliases: ["SHARED"] }),
    ],
    expectation: {
      kind: "refused-at-boot",
      problems: [{ code: "action_taken", tells: ['"SHARED"', "bad@6.6.6", "worse@6.6.6"] }],
    },
  },
  ...badActions.map(
    ([what, claim]): BadPluginCase => ({
      name: `an action that is ${what}`,
      fault: `The name of its event is ${what}.`,
      plugins: () => [plugin("bad", claim)],
      expectation: { kind: "refused-at-boot", problems: [{ code: "definition_invalid", tells: ["bad@6.6.6"] }] },
    }),
  ),
  {
    name: "its own name twice",
    fault: "One plugin is listed twice.",
    plugins: () => [plugin("bad"), plugin("bad")],
    expectation: { kind: "refused-at-boot", problems: [{ code: "plugin_name_taken", tells: ["bad@6.6.6"] }] },
  },
  {
    name: "the name of another plugin",
    fault: "Two versions of one plugin are listed.",
    plugins: () => [plugin("bad"), definePlugin({ name: "bad", version: "7.0.0" })],
    expectation: {
      kind: "refused-at-boot",
      problems: [{ code: "plugin_name_taken", tells: ["bad@6.6.6", "bad@7.0.0"] }],
    },
  },
  {
    name: "an extension of another plugin",
    fault: "Two plugins offer one extension.",
    plugins: () => [
      badPlugin({ setup: (ctx) => void ctx.offer(point, () => undefined) }),
      definePlugin({ name: "worse", version: "1.0.0", setup: (ctx) => void ctx.offer(point, () => undefined) }),
    ],
    expectation: {
      kind: "contained",
      states: { worse: "failed" },
      signs: [
        { kind: "received", body: badBody, times: 1 },
        { kind: "log", level: "error", plugin: "worse", tells: "worse@1.0.0" },
        {
          kind: "status",
          plugin: "worse",
          facts: { state: "failed", error: { code: "plugin_failed", message: /bad\/point.*bad@6\.6\.6/ } },
        },
      ],
    },
    entrances: ["boot"],
  },
  {
    name: "a service of another plugin",
    fault: "Two plugins provide one service.",
    plugins: (notebook) => [
      badPlugin({ setup: (ctx) => void ctx.provide(service, "bad") }),
      definePlugin({
        name: "worse",
        version: "1.0.0",
        async setup(ctx) {
          await notebook.tried(() => ctx.provide(service, "worse"));
          notebook.note(`the service is ${ctx.service(service)}`);
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        { kind: "caught", code: "token_taken", tells: ["bad/service", "bad@6.6.6", "worse@1.0.0"] },
        { kind: "noted", text: "the service is bad" },
      ],
    },
  },
  {
    name: "an extension by a token that nobody has defined",
    fault: "It hands in whatever comes to hand in place of a token.",
    plugins: (notebook) => [
      badPlugin({
        async setup(ctx) {
          for (const token of [undefined, null, "bad/point", {}, { id: "bad/point", kind: "extension" }, service]) {
            await notebook.tried(() => ctx.offer(token as typeof point, () => undefined));
            await notebook.tried(() => ctx.contribute(token as typeof point, "x"));
          }
          for (const token of [undefined, null, "bad/service", {}, point]) {
            await notebook.tried(() => ctx.provide(token as unknown as typeof service, "x"));
            await notebook.tried(() => ctx.service(token as unknown as typeof service));
          }
          notebook.note(`${notebook.caught.filter(({ code }) => code === "definition_invalid").length} were refused`);
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [
        { kind: "noted", text: "22 were refused" },
        { kind: "caught", code: "definition_invalid", tells: ["bad@6.6.6", "token"] },
      ],
    },
  },
  {
    name: "the variant of another plugin's transform",
    fault: "It would take the place of what the witness sends.",
    plugins: (notebook) => [
      badPlugin({
        async setup(ctx) {
          ctx.transform({ variant: "bad", appliesTo: () => false, apply: ({ payload }) => payload });
          await notebook.tried(() => ctx.transform({ variant: "bad", apply: () => ({}) }));
        },
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [{ kind: "caught", code: "definition_invalid", tells: ["variant bad", "bad"] }],
    },
  },
  {
    name: "the name of another handler of its own",
    fault: "Two of its handlers would be one and the same for whoever looks for what waits.",
    plugins: (notebook) => [
      badPlugin({
        async setup(ctx) {
          ctx.handle(badThing, () => undefined, { name: "same" });
          await notebook.tried(() => ctx.handle(badThing, () => undefined, { name: "same" }));
        },
      }),
    ],
    expectation: { kind: "contained", signs: [{ kind: "caught", code: "definition_invalid", tells: ["bad", "same"] }] },
  },
  {
    name: "the event of another plugin, while it runs",
    fault: "It adds an event that the witness has.",
    plugins: (notebook) => [
      badPlugin({
        setup: (ctx) =>
          void ctx.on("message.accepted", ({ action }) =>
            action === badThing.action ? notebook.tried(() => ctx.event(witnessSeen)) : undefined,
          ),
      }),
    ],
    expectation: {
      kind: "contained",
      signs: [{ kind: "caught", code: "action_taken", tells: ["WITNESS_SEEN", "bad@6.6.6", "witness@1.2.3"] }],
    },
  },
];
