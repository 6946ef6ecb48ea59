import type { Middleware, Next, Outcome, OutgoingRequest, Phase } from "@hookwright/core";
import { createTestHost } from "../test-host/create-test-host.js";

/** One middleware under the contract. */
export interface MiddlewareContractOptions {
  readonly name: string;
  /** Makes the middleware; called for every law. */
  create(): Middleware | Promise<Middleware>;
  /** Where it stands: the requests of the laws are what it gets there. `prepare` unless given. */
  readonly phase?: Phase;
  /** Milliseconds that it may take by itself, without what lies below it; 1,000 unless given. */
  readonly ownTime?: number;
  /** Laws that do not hold here, by title, each with the reason. A title that no law has fails the suite. */
  readonly exempt?: Readonly<Record<string, string>>;
}

/** A middleware in the hands of a law. */
export interface MiddlewareScene {
  readonly middleware: Middleware;
  readonly ownTime: number;
  /** What it gets in its phase, one for each of several deliveries of one message; the webhook has a header of its own. */
  readonly requests: readonly OutgoingRequest[];
}

/** One call of a middleware and what is known of it. */
export interface Visit {
  /** What it passed on, in order; one entry for each call of `next`. */
  readonly passedOn: readonly OutgoingRequest[];
  /** What it returned. */
  readonly outcome: Outcome;
}

/** An outcome as the layers below bring it back: frozen. */
export const answeredOutcome: Outcome = Object.freeze({
  kind: "answered",
  status: 200,
  retryAfter: undefined,
  excerpt: "ok",
  bodyError: undefined,
});

/** So many, that what one attempt keeps for another shows. */
const deliveries = 3;

/** Makes a middleware's requests as the pipeline makes them: emitted, matched, stored, claimed. */
export async function openScene(options: MiddlewareContractOptions): Promise<MiddlewareScene> {
  const { phase = "prepare", ownTime = 1_000 } = options;
  await using host = await createTestHost();
  const requests: OutgoingRequest[] = [];
  host.hooks.use(phase, (request) => {
    requests.push(request);
    return answeredOutcome;
  });
  for (let count = 0; count < deliveries; count += 1)
    await host.receiver({ headers: { Authorization: `Bearer ${count}` } });
  await host.emit("TASKS_CREATED", { tasks: [{ id: 1 }, { id: 2 }] });
  await host.delivered("TASKS_CREATED");
  return { middleware: await options.create(), ownTime, requests };
}

/**
 * Sends one request through the middleware; the layers below are `below`.
 *
 * @throws Error when it does not come back within its own time; else whatever it throws.
 */
export async function visit(
  { middleware, ownTime }: MiddlewareScene,
  request: OutgoingRequest,
  below: Next = async () => answeredOutcome,
): Promise<Visit> {
  const passedOn: OutgoingRequest[] = [];
  const next: Next = (given) => {
    passedOn.push(given);
    return below(given);
  };
  const outcome = await withinTime(ownTime, async () => middleware(request, next));
  return { passedOn, outcome };
}

async function withinTime<Result>(limit: number, run: () => Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`It did not return within ${limit} ms of its own time.`)),
    limit,
  );
  try {
    return await Promise.race([run(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
