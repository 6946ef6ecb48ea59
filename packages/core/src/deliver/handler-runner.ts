import type { Settlement } from "../delivery/attempt.js";
import type { HandlerLease, Lease, Message } from "../delivery/delivery.js";
import type { Clock } from "../foundation/clock.js";
import { GroupedWriter } from "../foundation/grouped-writer.js";
import type { MessageId } from "../foundation/ids.js";
import type { EmitOutlet } from "../handle/emit-outlet.js";
import type { HeldCall } from "../handle/handler-session.js";
import type { Handlers } from "../handle/handlers.js";
import type { Hub, Notifications } from "../observe/hub.js";
import type { Logger } from "../observe/logger.js";
import type { CommitResult, HandlerCommit, PluginStateStore } from "../store/plugin-state-store.js";
import { type CommitAnswer, type HandledOnce, type HandlePorts, handleOnce } from "./handle-once.js";
import { StateTurns } from "./state-turns.js";

/** The collaborators of {@link HandlerRunner}. */
export interface RunnerPorts {
  readonly handlers: Handlers;
  readonly state: PluginStateStore;
  readonly outlet: EmitOutlet;
  readonly clock: Clock;
  /** In [0, 1); spreads retries. */
  readonly random: () => number;
  readonly hub: Hub;
  readonly logger: Logger;
}

/** What came of recording a settlement. */
export type Recorded =
  | "recorded"
  | "lease_lost"
  /** The lease is not held any more, after a call that failed: what is lost is the lease, or only that call's answer. */
  | "perhaps_recorded"
  | "store_failed";

/** What the runner needs of the worker that it runs for. */
export interface RunnerDesk {
  /** As in `DeliverySink`. */
  reserve(wanted: number): number;
  /** As in `DeliverySink`. */
  accept(reserved: number, leases: readonly Lease[], messages: ReadonlyMap<MessageId, Message>): void;
  /** A claim can find something from then on. */
  expect(due: number | undefined): void;
  /** Writes down what is no commit. */
  record(settlement: Settlement): Promise<Recorded>;
  /** The store failed, and is left alone for a while: nothing is claimed. */
  storeFailed(operation: string, error: unknown): void;
  /** The store failed; resolves when it may be asked again, with whether it is still worth the while. */
  retryStore(operation: string, error: unknown, since: number): Promise<boolean>;
  /** Milliseconds of a lease that is given now. */
  leaseTime(): number;
}

/** Commits in one transaction, and the bytes that they bring in; one that is larger goes alone. */
const largestGroup = 256;
const mostGroupBytes = 32 * 1_048_576;

/**
 * Calls the durable handlers of this process for the deliveries that were leased for them, and has what they did written
 * down. Commits that arrive together share one transaction.
 */
export class HandlerRunner {
  readonly #ports: RunnerPorts;
  readonly #desk: RunnerDesk;
  readonly #handlePorts: HandlePorts;
  readonly #commits: GroupedWriter<HandlerCommit, CommitAnswer>;

  constructor(ports: RunnerPorts, desk: RunnerDesk) {
    const { state, outlet, clock, random } = ports;
    this.#ports = ports;
    this.#desk = desk;
    this.#commits = new GroupedWriter((commits) => this.#commitAll(commits), largestGroup);
    const turns = new StateTurns(clock);
    this.#handlePorts = {
      state,
      outlet,
      clock,
      random,
      turns,
      commit: (commit, isFirst) => this.#commits.add(commit, isFirst),
    };
  }

  /** Resolves when the delivery is recorded, or given back. Never rejects. */
  async run(lease: HandlerLease, message: Message): Promise<void> {
    const handler = this.#ports.handlers.find(lease.webhook);
    if (handler === undefined) return void (await this.#desk.record(releaseOf(lease)));
    const held = { lease, message, handler };
    const done = await handleOnce(held, this.#handlePorts);
    const recorded = await this.#recordedOf(done);
    if (recorded === "recorded") this.#tell(held, done);
    if (recorded === "lease_lost" || recorded === "perhaps_recorded") this.#warn(held);
  }

  async #recordedOf({ end, settlement }: HandledOnce): Promise<Recorded> {
    switch (end.kind) {
      case "committed":
        return "recorded";
      case "failed":
      case "interrupted":
        return this.#desk.record(settlement);
      case "store_unread":
        // The pause comes first: what is given back would be claimed, and called, again and again.
        this.#desk.storeFailed("handle", end.cause);
        return this.#desk.record(settlement);
      case "lease_lost":
      case "store_failed":
        return end.kind;
      default:
        return end satisfies never;
    }
  }

  async #commitAll(commits: readonly HandlerCommit[]): Promise<readonly CommitAnswer[]> {
    const answers: CommitAnswer[] = [];
    for (const group of groupsOf(commits)) answers.push(...(await this.#commit(group)));
    return answers;
  }

  /** Keeps on trying, as long as the lease may last: a call is not repeated because the disk was full for a moment. */
  async #commit(commits: readonly HandlerCommit[]): Promise<readonly CommitAnswer[]> {
    const since = this.#ports.clock.now();
    for (;;) {
      try {
        const results = await this.#commitOnce(commits);
        return results.map(({ kind }) => kind);
      } catch (error) {
        if (!(await this.#desk.retryStore("commit", error, since))) return commits.map(() => "store_failed");
      }
    }
  }

  async #commitOnce(commits: readonly HandlerCommit[]): Promise<readonly CommitResult[]> {
    const drafts = commits.flatMap(({ emits }) => emits.flatMap((entry) => entry.drafts));
    const reserved = this.#desk.reserve(drafts.reduce((sum, draft) => sum + draft.deliveries.length, 0));
    let leases: readonly Lease[] = [];
    try {
      const now = this.#ports.clock.now();
      const handOver = { now, leaseUntil: now + this.#desk.leaseTime(), limit: reserved };
      const { results, nextDue } = await this.#ports.state.commit(commits, handOver);
      leases = results.flatMap((result) => (result.kind === "committed" ? result.leases : []));
      this.#desk.expect(nextDue);
      return results;
    } finally {
      const messages = new Map(drafts.map(({ message }) => [message.id, message]));
      this.#desk.accept(reserved, leases, messages);
    }
  }

  #tell(held: HeldCall, { end, settlement }: HandledOnce): void {
    const { attempt, verdict } = settlement;
    if (attempt === null) return;
    const { duration } = attempt;
    const { logger, hub } = this.#ports;
    const facts = factsOf(held);
    const who = `Handler ${facts.handler} of plugin ${facts.plugin}`;
    const error = end.kind === "failed" ? end.cause : undefined;
    if (end.kind === "failed")
      logger.error(`${who} failed for action ${facts.action}: ${end.reason}`, { ...facts, code: end.code, error });
    else if (logger.isEnabled("debug")) logger.debug(`${who} ran for action ${facts.action}`, { ...facts, duration });
    hub.notify("handler.recorded", { ...facts, duration, code: attempt.code, error, verdict });
  }

  #warn(held: HeldCall): void {
    const facts = factsOf(held);
    this.#ports.logger.warn(`Delivery ${facts.delivery} was no longer held when its attempt was to be recorded`, {
      code: "lease_lost",
      ...facts,
    });
  }
}

type Facts = Omit<Notifications["handler.recorded"], "duration" | "code" | "error" | "verdict">;

function factsOf({ lease, handler: { plugin, handler } }: HeldCall): Facts {
  const { id: delivery, message, organization, action, attempt } = lease;
  return { plugin, handler, delivery, message, organization, action, attempt };
}

/** Gives a lease back as if it had not been given. */
export function releaseOf(lease: Lease): Settlement {
  const { id: delivery, organization, webhook, attempt: fence, due } = lease;
  return {
    delivery,
    organization,
    webhook,
    fence,
    due,
    verdict: { kind: "release" },
    attempt: null,
    effect: { kind: "none" },
  };
}

/** In order, so that none brings in more bytes than one transaction may. */
function groupsOf(commits: readonly HandlerCommit[]): readonly (readonly HandlerCommit[])[] {
  const groups: HandlerCommit[][] = [];
  let room = 0;
  for (const commit of commits) {
    const bytes = bytesOf(commit);
    const group = groups.at(-1);
    if (group === undefined || bytes > room) {
      groups.push([commit]);
      room = mostGroupBytes;
    } else {
      group.push(commit);
    }
    room -= bytes;
  }
  return groups;
}

function bytesOf({ emits }: HandlerCommit): number {
  let bytes = 0;
  for (const { drafts } of emits) {
    for (const { message } of drafts) {
      bytes += message.payload.length;
      for (const variant of message.variants.values()) bytes += variant.length;
    }
  }
  return bytes;
}
