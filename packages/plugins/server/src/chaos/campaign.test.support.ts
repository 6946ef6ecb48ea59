import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type AgedFacts, createAgedDatabase } from "./aged-database.test.support.js";
import { disorderOf, judgeEnding, judgeLife } from "./campaign-rules.test.support.js";
import {
  type ChildEnd,
  ChildGone,
  type Door,
  type KnownJob,
  type StartDoor,
  startHost,
  startService,
} from "./chaos-door.test.support.js";
import { ChaosLoad, Ledger } from "./chaos-load.test.support.js";
import { type Arrival, ChaosReceiver } from "./chaos-receiver.test.support.js";
import { type CrashPoint, crashPoints, servicePoints } from "./crash-points.test.support.js";
import type { CrashOrder } from "./crash-switch.test.support.js";
import { countOld, type DatabaseState, readDatabaseState } from "./database-state.test.support.js";
import { between, seededRandom } from "./seeded-random.test.support.js";

/** What is killed: a host in a process that does nothing else, or the service as it is shipped. */
export type Variant = "host" | "service";

export interface CampaignOptions {
  readonly variant: Variant;
  readonly seed: number;
}

/**
 * The rounds of one campaign: each named point once, in the order of the flow, and some that end at any moment. 44 of a
 * host and 6 of the service.
 */
export function roundsOf(variant: Variant): readonly (CrashPoint | undefined)[] {
  const points = variant === "host" ? crashPoints : servicePoints;
  const atAnyMoment = Array.from(
    { length: variant === "host" ? 44 - points.length : 6 - points.length },
    () => undefined,
  );
  return [...points, ...atAnyMoment];
}

/** What a whole campaign came to. */
export interface CampaignSummary {
  readonly kills: number;
  readonly accepted: number;
  readonly requests: number;
  /** Requests that came and were not recorded when the child died: what came a second time. */
  readonly unrecorded: number;
}

/** Longer than any life: a point that is not reached by then is a fault of the test. */
const longestLife = 20_000;

/**
 * One database, one receiver, and children that are killed one after the other. After each kill the database of the dead
 * is looked at; at the end the receivers recover, and everything must come to its rightful end.
 */
export class Campaign {
  readonly #random: () => number;
  readonly #folder = mkdtempSync(join(tmpdir(), "hookwright-chaos-"));
  readonly #receiver: ChaosReceiver;
  readonly #ledger = new Ledger();
  readonly #organizations: readonly number[];
  readonly #start: StartDoor;
  readonly #aged: AgedFacts | undefined;
  readonly #arrivals: Arrival[] = [];
  readonly #doors = new Set<Door>();
  #standby: { readonly point: CrashPoint | undefined; readonly door: Door } | undefined;
  #state: DatabaseState | undefined;
  #kills = 0;
  #unrecorded = 0;

  private constructor(options: CampaignOptions, receiver: ChaosReceiver, random: () => number) {
    this.#receiver = receiver;
    this.#random = random;
    const isHost = options.variant === "host";
    this.#start = isHost ? startHost : startService;
    this.#organizations = isHost ? [1, 2] : [1];
    this.#aged = isHost ? createAgedDatabase(this.#file, receiver.url("aged")) : undefined;
    this.#state = isHost ? readDatabaseState(this.#file) : undefined;
  }

  static async begin(options: CampaignOptions): Promise<Campaign> {
    const random = seededRandom(options.seed);
    return new Campaign(options, await ChaosReceiver.start(random), random);
  }

  /**
   * One life, which ends at a point, or at any moment where none is named. Answers what is wrong after it. The child of the
   * `next` round is loaded meanwhile.
   */
  async round(point: CrashPoint | undefined, next?: CrashPoint): Promise<readonly string[]> {
    const door = this.#take(point);
    if (this.#start === startHost) this.#standby = { point: next, door: this.#spawn(next) };
    const end = await this.#live(door, point);
    const faults: string[] = [];
    if (end.signal !== "SIGKILL") faults.push(`the child was not killed but ended with ${end.code}: ${end.words}`);
    this.#kills += 1;
    return [...faults, ...(await this.#judge(false))];
  }

  /** Lets the receivers recover and everything come to its end. Answers what is wrong then. */
  async finish(): Promise<readonly string[]> {
    this.#receiver.recover();
    const door = this.#take(undefined);
    await door.open({ file: this.#file, purges: true });
    const load = this.#load(door);
    await load.setUp(true);
    await this.#whenDone(door, await load.replay("gone"));
    for (const organization of this.#organizations)
      while ((await door.call("waiting", { organization })) !== 0) await pause(10);
    if (this.#aged !== undefined) while (countOld(this.#file, this.#aged.oldBefore) > 0) await pause(20);
    await door.stop();
    const { code, words } = await door.ended;
    const faults = code === 0 ? [] : [`the last child ended with ${code}: ${words}`];
    faults.push(...(await this.#judge(true)));
    return [...faults, ...this.#judgeEnding()];
  }

  async #whenDone(door: Door, job: KnownJob | undefined): Promise<void> {
    for (let state = job?.state; state === "running"; await pause(10))
      state = ((await door.call("job", { organization: 1, job: job?.id ?? "" })) as KnownJob).state;
  }

  get summary(): CampaignSummary {
    const accepted = this.#ledger.entries.filter(({ receipt }) => receipt !== undefined).length;
    return { kills: this.#kills, accepted, requests: this.#arrivals.length, unrecorded: this.#unrecorded };
  }

  async dispose(): Promise<void> {
    for (const door of this.#doors) door.kill();
    await Promise.all([...this.#doors].map((door) => door.ended));
    await this.#receiver.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Milliseconds, about: the service loads all of itself in them. */
  get #opensWithin(): number {
    return this.#start === startHost ? 40 : 900;
  }

  get #file(): string {
    return join(this.#folder, "hookwright.db");
  }

  #orderOf({ name, times }: CrashPoint): CrashOrder {
    return { point: name, occurrence: between(this.#random, 1, times), delay: between(this.#random, 0, 2_000) };
  }

  /** A child for this life; the one that stands ready, if it was meant for it. */
  #take(point: CrashPoint | undefined): Door {
    const standby = this.#standby;
    this.#standby = undefined;
    if (standby !== undefined && standby.point === point) return standby.door;
    standby?.door.kill();
    return this.#spawn(point);
  }

  #spawn(point: CrashPoint | undefined): Door {
    const door = this.#start(point === undefined ? undefined : this.#orderOf(point), this.#folder);
    this.#doors.add(door);
    void door.ended.then(() => this.#doors.delete(door));
    return door;
  }

  async #live(door: Door, point: CrashPoint | undefined): Promise<ChildEnd> {
    const purges = /purge/.test(point?.name ?? "");
    // One in four of those that end at any moment dies while it opens.
    const opening =
      point === undefined && this.#random() < 0.25 ? between(this.#random, 0, this.#opensWithin) : undefined;
    const killAfter = (wait: number): void => void pause(wait).then(() => door.kill());
    if (opening !== undefined) killAfter(opening);
    const living = this.#run(door, {
      purges,
      opened: () => (point === undefined ? killAfter(between(this.#random, 0, 250)) : undefined),
    });
    const limit = setTimeout(() => {
      this.#ledger.problems.push(`the point ${point?.name} was not reached`);
      door.kill();
    }, longestLife);
    await living;
    const end = await door.ended;
    clearTimeout(limit);
    return end;
  }

  async #run(door: Door, { purges, opened }: { readonly purges: boolean; opened(): void }): Promise<void> {
    try {
      await door.open({ file: this.#file, purges });
      opened();
      const load = this.#load(door);
      await load.setUp();
      await load.run();
    } catch (error) {
      if (!(error instanceof ChildGone)) throw error;
    }
  }

  #load(door: Door): ChaosLoad {
    const finished = [...(this.#state?.deliveries.values() ?? [])].filter(
      ({ status, path }) => ["delivered", "failed"].includes(status) && ["shaky", "hanging"].includes(path),
    );
    const failed = finished.filter(({ status }) => status === "failed");
    return new ChaosLoad({
      door,
      ledger: this.#ledger,
      random: this.#random,
      url: (path) => this.#receiver.url(path),
      organizations: this.#organizations,
      finished: (failed.length > 0 ? failed : finished).map(({ id }) => id),
    });
  }

  async #judge(isClean: boolean): Promise<readonly string[]> {
    await this.#receiver.quiet();
    const arrivals = this.#receiver.take();
    const before = this.#state;
    const after = readDatabaseState(this.#file, isClean ? countedByRecovered : []);
    this.#state = after;
    this.#arrivals.push(...arrivals);
    const { faults, unrecorded } = judgeLife({ arrivals, before, after, isClean, retried: this.#ledger.retried });
    this.#unrecorded += unrecorded;
    return [...after.faults, ...faults, ...this.#ledger.problems.splice(0)];
  }

  #judgeEnding(): readonly string[] {
    const state = this.#state;
    if (state === undefined) return ["there is no database"];
    const { entries, retried } = this.#ledger;
    const agedArrivals = new Set(this.#arrivals.filter(({ path }) => path === "aged").map(({ event }) => event));
    const missing = (this.#aged?.waiting ?? []).filter((event) => !agedArrivals.has(event));
    return [
      ...disorderOf(this.#arrivals, state),
      ...judgeEnding({ entries, retried, state, organizations: this.#organizations }),
      ...missing.map((event) => `event ${event} of the older database never came`),
    ];
  }
}

/** A dead webhook whose receiver recovered counts from 0 again. */
const countedByRecovered = ["a failure that was not counted, or counted twice"];
