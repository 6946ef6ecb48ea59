import { type Answered, type Middleware, systemClock } from "@hookwright/core";
import { OutgoingRequest, Pipeline, Watchdog } from "@hookwright/core/internal";
import compose from "koa-compose";
import { report } from "./measure.ts";

/** So many layers, against one: what is left is the layers, without what an attempt costs by itself. */
const layers = 100;
const rounds = 40;
const runsARound = 1_000;

const outcome: Answered = { kind: "answered", status: 200, retryAfter: undefined, excerpt: "", bodyError: undefined };

type KoaMiddleware = (context: object, next: () => Promise<unknown>) => unknown;
type Run = () => Promise<unknown>;

/** What a middleware that does nothing costs: one of a plugin with all its guards, and one of koa-compose with none. */
export async function benchMiddleware(): Promise<void> {
  const onePlugin = () => "plugin";
  const handsOn = await compared(
    guarded((request, next) => next(request), onePlugin),
    bare((_context, next) => next()),
  );
  report("a middleware that does nothing, to koa-compose's", shown(handsOn), "at most 1.0 times");

  const waiting: Middleware = async (request, next) => await next(request);
  const waits = await compared(
    guarded(waiting, onePlugin),
    bare(async (_context, next) => await next()),
  );
  report("one that is async and does nothing, to koa-compose's", shown(waits), "no goal: it is guarded, koa's is not");

  const manyPlugins = (index: number) => `plugin-${index}`;
  const elsewhere = await compared(
    guarded((request, next) => next(request), manyPlugins),
    bare((_context, next) => next()),
  );
  report(
    "one of another plugin than the layer above",
    shown(elsewhere),
    "no goal: the price of knowing whose code runs",
  );
}

function guarded(middleware: Middleware, ownerOf: (index: number) => string): (count: number) => Run {
  return (count) => {
    const pipeline = new Pipeline({
      clock: systemClock,
      builtin: [],
      middlewareLimit: 5_000,
      transport: { send: async () => outcome },
      onFault: ({ error }) => {
        throw error;
      },
      watchdog: new Watchdog(({ callback }) => console.log(`${callback} blocked`)),
    });
    for (let index = 0; index < count; index += 1)
      pipeline.use(ownerOf(index), "prepare", middleware, { name: `m${index}` });
    // As much of a claimed delivery as the layers look at.
    const claimed = { lease: { attempt: 1, failures: 0 }, message: {}, target: { url: "", headers: {} }, test: false };
    return () => pipeline.run(OutgoingRequest.of(claimed as never, 0));
  };
}

function bare(middleware: KoaMiddleware): (count: number) => Run {
  return (count) => {
    const run = compose(Array.from({ length: count }, () => middleware));
    return () => run({}, async () => outcome);
  };
}

interface Compared {
  readonly ours: number;
  readonly theirs: number;
}

/** In turns, and the fastest round of each: what else the machine does only makes rounds slower. */
async function compared(ours: (count: number) => Run, theirs: (count: number) => Run): Promise<Compared> {
  const runs = [ours(1), ours(layers + 1), theirs(1), theirs(layers + 1)];
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of runs.entries()) {
      const begun = performance.now();
      for (let count = 0; count < runsARound; count += 1) await run();
      best[index] = Math.min(best[index] ?? 0, performance.now() - begun);
    }
  }
  const [oursOne = 0, oursMany = 0, theirsOne = 0, theirsMany = 0] = best;
  const nanoseconds = 1e6 / (layers * runsARound);
  return { ours: (oursMany - oursOne) * nanoseconds, theirs: (theirsMany - theirsOne) * nanoseconds };
}

function shown({ ours, theirs }: Compared): string {
  return `${(ours / theirs).toFixed(2)} times (${ours.toFixed(0)} ns to ${theirs.toFixed(0)} ns)`;
}
