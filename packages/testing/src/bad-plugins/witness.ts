import { defineEvent, definePlugin } from "@hookwright/core";

const round = { type: "integer", minimum: 1 } as const;

export const witnessSeen = defineEvent({
  action: "WITNESS_SEEN",
  summary: "The witness was called upon.",
  schema: { type: "object", required: ["round"], properties: { round } },
  example: { round: 1 },
});

const witnessCounted = defineEvent({
  action: "WITNESS_COUNTED",
  summary: "The witness counted how often it was called upon.",
  schema: { type: "object", required: ["round", "count"], properties: { round, count: { type: "integer" } } },
  example: { round: 1, count: 1 },
});

/** What the witness itself has seen of its events. */
export interface Testimony {
  /** Actions of its events, one for each attempt that was recorded as answered. */
  readonly heard: string[];
}

/**
 * A plugin that does everything well that a plugin can do: events, a middleware, a transform, a listener and a durable handler
 * with state. Whatever a bad plugin does beside it, each round must come through as if it were alone.
 */
export function witness(testimony: Testimony): ReturnType<typeof definePlugin> {
  return definePlugin({
    name: "witness",
    version: "1.2.3",
    events: [witnessSeen, witnessCounted],
    config: { type: "object", properties: { stamp: { type: "string", default: "well" } }, required: ["stamp"] },
    setup(ctx) {
      ctx.use("prepare", function stamp(request, next) {
        const isOwn = request.delivery.message.action.startsWith("WITNESS_");
        return next(isOwn ? request.withHeader("x-witness", ctx.config.stamp) : request);
      });
      ctx.transform({
        variant: "witnessed",
        appliesTo: (_webhook, { action }) => action.startsWith("WITNESS_"),
        apply: ({ payload }) => ({ ...payload, witnessed: true }),
      });
      ctx.on("attempt.recorded", ({ action, outcome }) => {
        if (action.startsWith("WITNESS_") && outcome.kind === "answered") testimony.heard.push(action);
      });
      ctx.handle(witnessSeen, async ({ payload, state, emit }) => {
        const count = ((await state.get<number>("count")) ?? 0) + 1;
        state.set("count", count);
        emit(witnessCounted, { round: payload.round, count });
      });
    },
  });
}
