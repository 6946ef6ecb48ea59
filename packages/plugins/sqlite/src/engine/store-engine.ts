import type { Database } from "../database/database.js";
import { encodeMessages } from "../thread/message-columns.js";
import type { InputOf, OutputOf, ReadOperations, WriteOperations } from "../thread/protocol.js";
import { Cancellations } from "./cancellations.js";
import { DeliveryClaims } from "./delivery-claims.js";
import { DeliveryList } from "./delivery-list.js";
import { CurrentTruth, DeliveryRecords } from "./delivery-records.js";
import { DeliveryRetry } from "./delivery-retry.js";
import { DeliverySettler } from "./delivery-settler.js";
import { Generation } from "./generation.js";
import { HandlerCommits } from "./handler-commits.js";
import { MessageAppender } from "./message-appender.js";
import { Purge } from "./purge.js";
import { Rearrangements } from "./rearrangements.js";
import { ReplaySearch } from "./replay-search.js";
import { ReplaySteps } from "./replay-steps.js";
import { openTables, type Tables } from "./tables.js";
import { UnderWay } from "./under-way.js";
import { WebhookChanges } from "./webhook-changes.js";
import { WebhookStates } from "./webhook-states.js";

/** Asks for what a call returns. Only after its transaction was committed. */
export type Answer<Output> = () => Output;

export type Writes = {
  readonly [Name in keyof WriteOperations]: (input: InputOf<Name>) => Answer<OutputOf<Name>>;
};

/** A list may take several steps, and so is not among them. */
export type Reads = {
  readonly [Name in Exclude<keyof ReadOperations, "claim" | "listDeliveries">]: (
    input: InputOf<Name>,
  ) => OutputOf<Name>;
};

/** Owns the tables and all that memory knows beside them: what each call does, but not which calls share a transaction. */
export class StoreEngine {
  readonly #database: Database;
  readonly #generation: Generation;
  readonly #tables: Tables;
  readonly #underWay: UnderWay;
  readonly #states: WebhookStates;
  readonly #cancellations: Cancellations;
  readonly #rearrangements: Rearrangements;
  readonly #truth: CurrentTruth;
  readonly #claims: DeliveryClaims;
  readonly writes: Writes;
  readonly reads: Reads;

  /** Writes, and so needs a transaction, as every method below that says so. */
  constructor(database: Database) {
    this.#database = database;
    this.#generation = new Generation(database);
    this.#tables = openTables(database, this.#generation.number);
    this.#underWay = new UnderWay(this.#tables.due, !this.#tables.webhooks.isEmpty);
    this.#states = new WebhookStates(database, this.#tables, this.#underWay);
    this.#cancellations = new Cancellations(this.#tables, this.#underWay);
    this.#rearrangements = new Rearrangements(this.#tables, this.#states, this.#underWay);
    this.#truth = new CurrentTruth(this.#cancellations, this.#underWay);
    this.#claims = new DeliveryClaims(this.#tables, this.#states, this.#underWay);
    const records = new DeliveryRecords(database, this.#tables, this.#truth);
    this.writes = this.#writesWith(records);
    this.reads = this.#readsWith(records);
    this.#resume();
  }

  /** Leases what is due. In a transaction. */
  claim(input: InputOf<"claim">): Answer<OutputOf<"claim">> {
    this.#returnRunOut(input.now);
    this.#states.offer(input.handlers);
    const columns = this.#claims.claim(input);
    return () => ({ ...columns, nextDue: this.#underWay.nextDue(input.now) });
  }

  list(input: InputOf<"listDeliveries">): DeliveryList {
    return new DeliveryList({ database: this.#database, tables: this.#tables, truth: this.#truth }, input);
  }

  /** Whether something is left that was begun by a call which was answered. */
  get hasWork(): boolean {
    return !this.#cancellations.isEmpty || !this.#rearrangements.isEmpty || this.#tables.lists.isBehind;
  }

  /** One small step of it. In a transaction. */
  work(): void {
    if (!this.#cancellations.isEmpty) this.#cancellations.step();
    else if (!this.#rearrangements.isEmpty) this.#rearrangements.step();
    else if (this.#tables.lists.isBehind) this.#tables.lists.step();
  }

  /** Brings memory to where the committed transaction is. */
  commit(): void {
    this.#underWay.commit();
    this.#states.commit();
  }

  /** Brings memory back to where the database is. */
  rollback(): void {
    this.#underWay.rollback();
    this.#states.rollback();
    this.#tables.messages.recount();
    this.#tables.deliveries.recount();
    this.#tables.lists.reload();
    this.#tables.messageBlocks.reload();
  }

  /** The last write before the database is closed. In a transaction. */
  end(): void {
    if (this.#underWay.isIdle) this.#generation.endCleanly();
  }

  #writesWith(records: DeliveryRecords): Writes {
    const appender = new MessageAppender(this.#tables, this.#states, this.#underWay);
    const settler = new DeliverySettler(this.#tables, this.#states, this.#underWay);
    const retry = new DeliveryRetry(this.#tables, this.#states, this.#underWay);
    const replays = new ReplaySteps(this.#database, this.#tables, { states: this.#states, underWay: this.#underWay });
    const purge = new Purge(this.#tables, this.#states, this.#underWay);
    const work = { cancellations: this.#cancellations, rearrangements: this.#rearrangements };
    const changes = new WebhookChanges(this.#tables, this.#states, work);
    const { webhooks, handlers, access, pluginState } = this.#tables;
    const commits = new HandlerCommits({ settler, appender, state: pluginState });
    return {
      append: (input) => {
        this.#returnRunOut(input.now);
        return answer(appender.append(input));
      },
      settle: (input) => {
        const result = settler.settle(input);
        return () => ({ ...result, nextDue: this.#underWay.nextDue(input.now) });
      },
      retry: ({ organization, delivery, now }) => answer(retry.retry(organization, delivery, now)),
      recordTest: (input) => answer(records.recordTest(input)),
      purge: ({ before, now }) => {
        this.#returnRunOut(now);
        return answer(purge.step(before, now));
      },
      createWebhook: ({ webhook, now }) => answer(changes.create(webhook, now)),
      updateWebhook: ({ organization, id, change, now }) => {
        const before = webhooks.find(organization, id);
        return answer(before === undefined ? undefined : changes.update(before, change, now));
      },
      deleteWebhook: ({ organization, id, now }) => answer(changes.delete(organization, id, now)),
      setSecrets: ({ organization, id, change, now }) => {
        const before = webhooks.find(organization, id);
        if (before === undefined) return answer(undefined);
        return answer(before.version === change.version ? changes.setSecrets(before, change.secrets, now) : "stale");
      },
      resealWebhooks: (values) => answer(values.map((value) => webhooks.reseal(value))),
      registerHandlers: (given) => {
        const ids = given.map((settings) => handlers.register(settings));
        for (const id of ids) {
          this.#states.refresh(id);
          this.#rearrangements.begin(id);
        }
        return answer(ids);
      },
      changeState: ({ owner, changes }) => answer(pluginState.compareAndSet(owner, changes)),
      commitHandlers: (input) => {
        this.#returnRunOut(input.emits.now);
        const result = commits.commit(input);
        return () => ({ ...result, nextDue: this.#underWay.nextDue(input.emits.now) });
      },
      createJob: ({ job, now, most }) => answer(this.#tables.jobs.create(job, now, most)),
      cancelJob: ({ organization, id, now }) => answer(replays.cancel(organization, id, now)),
      advanceJob: ({ step, now }) => answer(replays.advance(step, now)),
      failJob: ({ id, version, error, now }) => answer(replays.fail({ id, version }, error, now)),
      addToken: (token) => answer(access.add(token)),
      removeToken: ({ organization, id }) => answer(access.remove(organization, id)),
    };
  }

  #readsWith(records: DeliveryRecords): Reads {
    const search = new ReplaySearch(this.#database, this.#tables);
    const { webhooks, messages, access, pluginState, jobs, notes } = this.#tables;
    return {
      getMessage: ({ organization, message: id }) => {
        const message = messages.find(organization, id);
        return message === undefined ? undefined : encodeMessages([message]);
      },
      getWebhook: ({ organization, id }) => webhooks.find(organization, id),
      listWebhooks: ({ organization, filter, page }) => webhooks.list(organization, filter, page),
      webhookChanges: ({ organization, since, limit }) => webhooks.changes(organization, since, limit),
      webhookTargets: (ids) => webhooks.targets(ids),
      sealableWebhooks: ({ after, limit }) => webhooks.sealable(after, limit),
      getDelivery: ({ organization, delivery }) => records.get(organization, delivery),
      listNotes: ({ after, limit }) => notes.list(after, limit),
      readState: ({ owner, keys }) => pluginState.read(owner, keys),
      getJob: ({ organization, id }) => {
        const job = jobs.find(id);
        return job?.organization === organization ? job : undefined;
      },
      listJobs: ({ organization, page }) => jobs.list(organization, page),
      dueJobs: ({ limit, after }) => jobs.due(limit, after),
      findReplay: ({ scope, cursor, limit }) => search.find(scope, cursor, limit),
      findToken: (hash) => access.find(hash),
      listTokens: (organization) => access.list(organization),
    };
  }

  /** Gives every webhook with a backlog its lane, and goes on with what a process that died had begun. A handler gets its when it is registered. */
  #resume(): void {
    for (const id of this.#tables.due.webhooks()) {
      const webhook = this.#states.find(id);
      if (webhook === undefined) throw new Error(`deliveries are due for webhook ${id}, which never was`);
      if (webhook.deletedAt === null) this.#rearrangements.begin(id);
      else this.#cancellations.add(id, webhook.deletedAt);
    }
  }

  /** What ran out is due again, or, where its webhook was deleted, cancelled. */
  #returnRunOut(now: number): void {
    for (const { webhook } of this.#underWay.returnRunOut(now)) {
      if (this.#states.live(webhook) === undefined) this.#cancellations.add(webhook, now);
    }
  }
}

function answer<Output>(output: Output): Answer<Output> {
  return () => output;
}
