import { actionOfFact, type Note } from "../delivery/note.js";
import type { EventRegistry } from "../event/event-registry.js";
import type { Clock, Timer } from "../foundation/clock.js";
import type { WebhookId } from "../foundation/ids.js";
import { payloadOf } from "../foundation/payload-bytes.js";
import { runAsNobody } from "../observe/blame.js";
import type { Logger } from "../observe/logger.js";
import type { NoteLog } from "../store/note-log.js";
import type { WebhookStore } from "../store/webhook-store.js";
import type { EmitEvent } from "./emit-event.js";
import { type NotedWebhook, notePayload } from "./note-payload.js";

/** The collaborators of {@link NoteTeller}. */
export interface TellerPorts {
  readonly notes: NoteLog;
  readonly webhooks: {
    targets(ids: readonly WebhookId[]): Promise<readonly TellerTarget[]>;
  };
  readonly registry: Pick<EventRegistry, "requireOpen">;
  readonly emit: Pick<EmitEvent, "emit" | "dropNote">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is asked of a webhook: where it stands, and where it leads. */
type TellerTarget = NotedWebhook & Pick<Awaited<ReturnType<WebhookStore["targets"]>>[number], "project">;

/** Notes that are read, and told, at once. */
const pageSize = 100;

/** Pause before what could not be told is tried again, in milliseconds: the store may be full. It doubles with each try. */
const shortestPause = 5_000;

/** Of what fails for long, such as a transform, each try reads and matches all that has piled up. */
const longestPause = 300_000;

/**
 * Owns the way from notes to events: reads what settles have written and emits it, each note once. What a process that died
 * left behind is told when the next one starts. Where nobody wants an event, its note goes without one.
 */
export class NoteTeller {
  readonly #ports: TellerPorts;
  #isRunning = false;
  #isAwake = false;
  /** The last note that was read. What stands before it was told, or waits for {@link #timer}. */
  #readTo = 0;
  #timer: Timer | undefined;
  #pause = shortestPause;
  #pass: Promise<void> | undefined;

  constructor(ports: TellerPorts) {
    this.#ports = ports;
  }

  /** Begins with what was left behind. */
  start(): void {
    this.#isRunning = true;
    this.#readTo = 0;
    this.wake();
  }

  /** Ends after what it is at; the rest stays in the store. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#pass;
  }

  /** Notes were written. */
  wake(): void {
    this.#isAwake = true;
    if (!this.#isRunning || this.#pass !== undefined) return;
    this.#pass = runAsNobody(() => this.#tellNew());
  }

  /** Never rejects. */
  async #tellNew(): Promise<void> {
    while (this.#isAwake && this.#isRunning) {
      this.#isAwake = false;
      const isRetry = this.#readTo === 0;
      const failures = await this.#walk();
      this.#conclude(failures, isRetry);
    }
    this.#pass = undefined;
  }

  /** What fails while others wait already is told of with them, by the next try. */
  #conclude(failures: readonly unknown[], isRetry: boolean): void {
    const [error] = failures;
    if (failures.length === 0) {
      if (isRetry) this.#pause = shortestPause;
      return;
    }
    if (this.#timer !== undefined || !this.#isRunning) return;
    const facts = { notes: failures.length, error };
    this.#ports.logger.error("What came of deliveries could not be told; it is tried again", facts);
    this.#timer = this.#ports.clock.setTimer(this.#pause, () => this.#retry());
    this.#pause = Math.min(this.#pause * 2, longestPause);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#readTo = 0;
    this.wake();
  }

  /** Once over all notes behind the last one that was read, so that one that cannot be told holds up no other; why those failed that did. */
  async #walk(): Promise<readonly unknown[]> {
    const failures: unknown[] = [];
    try {
      while (this.#isRunning) {
        const notes = await this.#ports.notes.list(this.#readTo, pageSize);
        failures.push(...(await this.#tellPage(notes)));
        this.#readTo = notes.at(-1)?.id ?? this.#readTo;
        if (notes.length < pageSize) break;
      }
    } catch (error) {
      failures.push(error);
    }
    return failures;
  }

  async #tellPage(notes: readonly Note[]): Promise<readonly unknown[]> {
    if (notes.length === 0) return [];
    const ids = new Set(notes.map(({ webhook }) => webhook));
    const targets = new Map((await this.#ports.webhooks.targets([...ids])).map((target) => [target.id, target]));
    const told = await Promise.allSettled(notes.map((note) => this.#tell(note, targets.get(note.webhook))));
    return told.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  }

  /** A deleted webhook belongs to no project any more, and nobody waits for news of it. */
  async #tell(note: Note, target: TellerTarget | undefined): Promise<void> {
    const { emit, registry } = this.#ports;
    if (target === undefined) return emit.dropNote(note);
    await emit.emit({
      event: registry.requireOpen(actionOfFact[note.fact.kind]),
      payload: payloadOf(notePayload(note, target)),
      organization: note.organization,
      project: target.project,
      // As if a handler had made it: handlers that answer it with events of their own come to an end.
      hops: "hops" in note.fact ? note.fact.hops + 1 : 1,
      note: note.id,
    });
  }
}
