import type { Database } from "../database/database.js";
import { failsEveryCall, failureOf } from "../database/database-failure.js";
import type { Call, NamedCall, Reply, WriteOperations } from "../thread/protocol.js";
import type { DeliveryList } from "./delivery-list.js";
import type { Answer, StoreEngine } from "./store-engine.js";

/**
 * Decides which calls share a transaction: all writes that arrived together, then all claims, then the reads, which so see
 * what was written before them. Answers exist only after the commit. Work that calls left behind is done between groups.
 */
export class CallGroups {
  readonly #database: Database;
  readonly #engine: StoreEngine;
  readonly #file: string;
  /** Lists that take more than one step, by the call that asked. */
  readonly #lists = new Map<number, DeliveryList>();
  /** A step of work failed: the next is tried once a write went through. */
  #isStuck = false;

  constructor(database: Database, engine: StoreEngine, file: string) {
    this.#database = database;
    this.#engine = engine;
    this.#file = file;
  }

  run(calls: readonly Call[]): readonly Reply[] {
    const writes = calls.filter((call) => call.name in this.#engine.writes);
    const claims = calls.filter((call) => call.name === "claim");
    const reads = calls.filter((call) => call.name in this.#engine.reads);
    const lists = calls.filter((call) => call.name === "listDeliveries");
    return [
      ...this.#together(writes),
      ...this.#together(claims),
      ...reads.map((call) => this.#answered(call.id, () => this.#read(call))),
      ...lists.flatMap((call) => this.#begin(call)),
    ];
  }

  get hasWork(): boolean {
    return this.owesLists || (this.#engine.hasWork && !this.#isStuck);
  }

  get owesLists(): boolean {
    return this.#lists.size > 0;
  }

  /** One small step of everything that is not done. */
  work(): readonly Reply[] {
    if (this.#engine.hasWork && !this.#isStuck) {
      this.#isStuck = this.#failureOf(() => this.#engine.work()) !== undefined;
    }
    return [...this.#lists].flatMap(([id, list]) => this.#walk(id, list));
  }

  /** The last transaction. */
  end(): void {
    this.#failureOf(() => this.#engine.end());
  }

  /** One that fails by itself is left out, and the others are tried again. */
  #together(calls: readonly Call[]): readonly Reply[] {
    if (calls.length === 0) return [];
    const answers: Answer<unknown>[] = [];
    const failure = this.#failureOf(() => {
      for (const call of calls) answers.push(this.#perform(call));
    });
    if (failure === undefined) {
      this.#isStuck = false;
      return calls.map(({ id }, index) => ({ id, output: answers[index]?.() }));
    }
    // The one after the last that was performed; none when the commit failed.
    const culprit = calls[answers.length];
    if (culprit === undefined || failsEveryCall(failure.error)) {
      return calls.map(({ id }) => this.#failed(id, failure.error));
    }
    return [this.#failed(culprit.id, failure.error), ...this.#together(calls.filter((call) => call !== culprit))];
  }

  /** Runs one transaction. Memory follows it whichever way it goes. */
  #failureOf(transact: () => void): { readonly error: unknown } | undefined {
    try {
      this.#database.begin();
      transact();
      this.#database.commit();
    } catch (error) {
      this.#database.rollback();
      this.#engine.rollback();
      return { error };
    }
    this.#engine.commit();
    return undefined;
  }

  #perform(call: Call): Answer<unknown> {
    if (call.name === "claim") return this.#engine.claim(call.input);
    // The name and the input of a call belong together; TypeScript loses that where it looks the name up.
    const write = this.#engine.writes[call.name as keyof WriteOperations] as (input: Call["input"]) => Answer<unknown>;
    return write(call.input);
  }

  #read(call: Call): unknown {
    // As above.
    const read = this.#engine.reads[call.name as keyof StoreEngine["reads"]] as (input: Call["input"]) => unknown;
    return read(call.input);
  }

  #begin(call: NamedCall<"listDeliveries">): readonly Reply[] {
    try {
      return this.#walk(call.id, this.#engine.list(call.input));
    } catch (error) {
      return [this.#failed(call.id, error)];
    }
  }

  /** Nothing as long as the list is not complete. */
  #walk(id: number, list: DeliveryList): readonly Reply[] {
    this.#lists.delete(id);
    const reply = this.#answered(id, () => list.step());
    if (reply.output === undefined && reply.failure === undefined) {
      this.#lists.set(id, list);
      return [];
    }
    return [reply];
  }

  #answered(id: number, work: () => unknown): Reply {
    try {
      return { id, output: work() };
    } catch (error) {
      return this.#failed(id, error);
    }
  }

  #failed(id: number, error: unknown): Reply {
    return { id, failure: failureOf(error, this.#file) };
  }
}
