import type { Attempt, Settlement } from "../delivery/attempt.js";
import type { HandlerLease } from "../delivery/delivery.js";
import { nextAttempt } from "../delivery/retry-schedule.js";
import type { Verdict } from "../delivery/verdict.js";
import type { Clock } from "../foundation/clock.js";
import type { ErrorCode } from "../foundation/error-codes.js";
import { HookwrightError, messageOf } from "../foundation/hookwright-error.js";
import type { PreparedEmit } from "../handle/emit-outlet.js";
import { HandlerSession, type HeldCall, type SessionEffects, type SessionPorts } from "../handle/handler-session.js";
import { StoreFault } from "../handle/store-fault.js";
import type { CommitResult, HandlerCommit } from "../store/plugin-state-store.js";
import { CallTime } from "./call-time.js";
import { orAborted, type StateTurns } from "./state-turns.js";

/** What came of the wish to commit. */
export type CommitAnswer = CommitResult["kind"] | "store_failed";

/** What a call needs besides its delivery. */
export interface HandlePorts extends SessionPorts {
  readonly clock: Clock;
  /** In [0, 1); spreads retries. */
  readonly random: () => number;
  readonly turns: StateTurns;
  /** Resolves when the store has answered, or was given up. `isFirst`: before the others that wait. */
  readonly commit: (commit: HandlerCommit, isFirst: boolean) => Promise<CommitAnswer>;
}

/** How the calls of one attempt ended. */
type HandlerEnd =
  /** All that it did is on disk. */
  | { readonly kind: "committed" }
  /** Its verdict is to be written; nothing that it did is kept. */
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly reason: string; readonly cause: unknown }
  /** The plugin is being stopped: the delivery goes back to the store. */
  | { readonly kind: "interrupted" }
  /** The store could not be read: the delivery goes back to it, and no attempt is counted. */
  | { readonly kind: "store_unread"; readonly cause: unknown }
  /** Another has the delivery. */
  | { readonly kind: "lease_lost" }
  /** Nobody knows: the end of the lease repeats it, unless it was committed. */
  | { readonly kind: "store_failed" };

/** What came of one attempt. */
export interface HandledOnce {
  readonly end: HandlerEnd;
  /** Written already where the end is `committed`. */
  readonly settlement: Settlement;
}

/** Calls of one attempt: each but the last found its state changed by others meanwhile. */
const mostCalls = 20;

/** Rounds that are lost to webhooks that change between matching and the commit; more for one message are a fault. */
const mostRounds = 100;

const storeCodes: ReadonlySet<ErrorCode> = new Set(["overloaded", "storage_full", "storage_failed"]);

/** Longer texts of strangers are cut: they end in records and log lines. */
const longestReason = 300;

/**
 * One attempt of a durable handler, from claim to record: the handler is called, and what it wrote, what it emitted and its
 * verdict are committed together. Where its state was changed meanwhile it is called again, with fresh reads. Never rejects.
 */
export async function handleOnce(held: HeldCall, ports: HandlePorts): Promise<HandledOnce> {
  const { lease, handler } = held;
  const startedAt = ports.clock.now();
  // Not from the clock: it counts whole milliseconds, and may be set while the call runs.
  const begun = performance.now();
  const attempt = (end: HandlerEnd): Attempt => toAttempt(end, lease.attempt, { startedAt, begun });
  const call = handler.begin();
  const time = new CallTime(ports.clock, handler.timeout, () => call.abort(tooLong(held)));
  let end: HandlerEnd = { kind: "failed", ...outpaced(held) };
  let endTurn: (() => void) | undefined;
  try {
    for (let calls = 0; calls < mostCalls; calls += 1) {
      const effects = await effectsOf(new HandlerSession(held, ports), call.signal);
      const settlement = settlementOf(lease, { kind: "delivered" }, attempt({ kind: "committed" }));
      // Whose turn it is goes first: calls that are new do not wait in line, and would beat it each time.
      const isFirst = endTurn !== undefined;
      const answer = await commit(effects, { settlement, plugin: handler.plugin, isFirst }, ports);
      if (answer.kind !== "state_changed") {
        end = answer;
        break;
      }
      time.pause();
      endTurn ??= await ports.turns.take(`${lease.organization} ${handler.plugin}`, call.signal);
      time.resume();
    }
  } catch (error) {
    end = endOf(error, call.signal);
  } finally {
    endTurn?.();
    time.end();
    handler.end(call);
  }
  return { end, settlement: settlementOf(lease, verdictOf(end, held, ports), attempt(end)) };
}

/** Calls the handler, and takes its effects when it returns in time; rejects with what it throws, or with the reason of the abort. */
async function effectsOf(session: HandlerSession, signal: AbortSignal): Promise<SessionEffects> {
  try {
    await orAborted(session.run(signal), signal);
  } catch (error) {
    session.end();
    throw error;
  }
  return session.end();
}

/**
 * Matches what was emitted and commits; matched anew where webhooks changed in between. What fails here is not the handler's
 * own: it is the store, or a transform of another plugin.
 */
async function commit(
  { changes, emits }: SessionEffects,
  { isFirst, ...of }: Pick<HandlerCommit, "settlement" | "plugin"> & { readonly isFirst: boolean },
  ports: HandlePorts,
): Promise<HandlerEnd | { readonly kind: "state_changed" }> {
  try {
    for (let round = 0; round < mostRounds; round += 1) {
      const kind = await ports.commit({ ...of, changes, emits: await entriesOf(emits) }, isFirst);
      if (kind === "committed") for (const emit of emits) emit.stored();
      if (kind !== "stale") return { kind };
      await ports.outlet.catchUp(of.settlement.organization);
    }
    throw new HookwrightError("overloaded", "The webhooks change faster than an event can be matched.");
  } catch (error) {
    return endOfCommit(error);
  }
}

function endOfCommit(error: unknown): HandlerEnd {
  // A store may be anyone's: what it throws need not have a code.
  if (!(error instanceof HookwrightError) || storeCodes.has(error.code)) return { kind: "store_unread", cause: error };
  return failedWith(error.code === "middleware_failed" ? error.code : "handler_failed", error);
}

async function entriesOf(emits: readonly PreparedEmit[]): Promise<HandlerCommit["emits"]> {
  const entries: HandlerCommit["emits"][number][] = [];
  // One after the other: their deliveries' ids rise in the order of the emits.
  for (const emit of emits) entries.push(await emit.entry());
  return entries;
}

function endOf(error: unknown, signal: AbortSignal): HandlerEnd {
  const isAbort = signal.aborted && error === signal.reason;
  const code = error instanceof HookwrightError ? error.code : "handler_failed";
  if (isAbort && code === "stopped") return { kind: "interrupted" };
  if (StoreFault.is(error)) return { kind: "store_unread", cause: error.cause };
  return failedWith(code === "emit_loop" ? code : "handler_failed", error);
}

function failedWith(code: ErrorCode, cause: unknown): HandlerEnd {
  const text = messageOf(cause).replace(/\s+/g, " ").trim();
  const reason = text.length > longestReason ? `${text.slice(0, longestReason - 3)}...` : text;
  return { kind: "failed", code, reason, cause };
}

function verdictOf(end: HandlerEnd, { lease, handler }: HeldCall, { clock, random }: HandlePorts): Verdict {
  if (end.kind === "committed") return { kind: "delivered" };
  if (end.kind !== "failed") return { kind: "release" };
  const failures = lease.failures + 1;
  // A circle is one the next time too.
  const wait = end.code === "emit_loop" ? undefined : nextAttempt(handler.schedule, failures, random());
  return wait === undefined ? { kind: "failed", failures } : { kind: "retry", at: clock.now() + wait, failures };
}

function settlementOf(lease: HandlerLease, verdict: Verdict, attempt: Attempt): Settlement {
  const { id: delivery, organization, webhook, attempt: fence, due } = lease;
  const recorded = verdict.kind === "release" ? null : attempt;
  return { delivery, organization, webhook, fence, due, verdict, attempt: recorded, effect: { kind: "none" } };
}

interface Timing {
  readonly startedAt: number;
  /** By the clock of `performance`. */
  readonly begun: number;
}

function toAttempt(end: HandlerEnd, number: number, { startedAt, begun }: Timing): Attempt {
  const failed = end.kind === "failed" ? end : undefined;
  return {
    number,
    startedAt,
    duration: performance.now() - begun,
    status: null,
    code: failed?.code ?? null,
    error: failed?.reason ?? null,
    excerpt: "",
    middleware: null,
    changedBy: [],
    slowedBy: [],
    headers: {},
  };
}

function tooLong({ handler }: HeldCall): HookwrightError {
  return new HookwrightError(
    "handler_failed",
    `The handler ${handler.handler} of plugin ${handler.plugin} did not end within ${handler.timeout} ms.`,
  );
}

function outpaced({ handler }: HeldCall): Pick<Extract<HandlerEnd, { kind: "failed" }>, "code" | "reason" | "cause"> {
  const reason = `The state of plugin ${handler.plugin} was changed by others in each of ${mostCalls} calls of ${handler.handler}.`;
  return { code: "state_changed", reason, cause: undefined };
}
