import { expect, onTestFinished, test } from "vitest";
import type { DeliveryId, MessageId, OrganizationId, WebhookId } from "../foundation/ids.js";
import { SteppedClock, settled } from "../foundation/stepped-clock.test.support.js";
import { MemoryNotes } from "../store/memory-notes.js";
import { NoteTeller, type TellerPorts } from "./note-teller.js";

const webhook = 1 as WebhookId;

interface Scene {
  readonly clock: SteppedClock;
  readonly teller: NoteTeller;
  /** Where each reading of the notes began. */
  readonly readings: readonly number[];
  readonly lines: readonly unknown[];
  /** The notes that were told, in order. */
  readonly told: readonly number[];
  refuses: (note: number) => boolean;
  write(count: number): Promise<void>;
}

async function scene(): Promise<Scene> {
  const [clock, notes] = [new SteppedClock(), new MemoryNotes()];
  const [readings, lines, told]: [number[], unknown[], number[]] = [[], [], []];
  const silent = () => undefined;
  const emit = {
    emit: async ({ note = 0 }: { readonly note?: number }) => {
      if (made.refuses(note)) throw new Error("no mask");
      notes.take(note);
      told.push(note);
    },
    dropNote: async () => undefined,
  };
  const ports = {
    notes: {
      list: (after: number, limit: number) => {
        readings.push(after);
        return notes.list(after, limit);
      },
    },
    webhooks: { targets: async () => [{ id: webhook, url: "https://receiver.example/", project: null }] },
    registry: { requireOpen: () => ({}) },
    emit,
    clock,
    logger: {
      error: (_: string, fields: { readonly notes?: unknown }) => void lines.push(fields.notes),
      warn: silent,
      info: silent,
      debug: silent,
    },
    // Of the collaborators, what a teller asks.
  } as unknown as TellerPorts;
  const teller = new NoteTeller(ports);
  const made: Scene = {
    clock,
    teller,
    readings,
    lines,
    told,
    refuses: () => false,
    write: async (count) => {
      for (let index = 0; index < count; index += 1) {
        const ids = { delivery: "dlv_1" as DeliveryId, message: "msg_1" as MessageId };
        const outcome = { action: "MADE", hops: 0, attempt: 1, status: 500, code: "http_status" } as const;
        const fact = { kind: "exhausted", ...ids, ...outcome } as const;
        notes.write({ organization: 1 as OrganizationId, webhook, at: clock.now(), fact });
      }
      teller.wake();
      await settled();
    },
  };
  teller.start();
  await settled();
  onTestFinished(() => teller.stop());
  return made;
}

test("what could not be told is not read again for each new note", async () => {
  const here = await scene();
  here.refuses = (note) => note <= 50;
  await here.write(50);
  const begun = here.readings.length;
  for (let turn = 0; turn < 30; turn += 1) await here.write(1);
  expect(here.told).toEqual(Array.from({ length: 30 }, (_, index) => 51 + index));
  expect(here.readings.slice(begun)).toEqual(Array.from({ length: 30 }, (_, index) => 50 + index));
});

test("it is tried again after a pause that grows, with one line for all of it, until it can be told", async () => {
  const here = await scene();
  here.refuses = () => true;
  await here.write(150);
  expect(here.lines).toEqual([150]);
  // The next try tells of those that come meanwhile too.
  await here.write(1);
  expect(here.lines).toEqual([150]);
  const tries: number[] = [];
  for (let second = 1; second <= 1_200; second += 1) {
    const before = here.lines.length;
    here.clock.advance(1_000);
    await settled();
    if (here.lines.length > before) tries.push(second);
  }
  expect(tries).toEqual([5, 15, 35, 75, 155, 315, 615, 915]);
  expect(here.lines.slice(1)).toEqual(tries.map(() => 151));
  here.refuses = () => false;
  here.clock.advance(300_000);
  await settled(10);
  expect(here.told).toHaveLength(151);
  expect(here.clock.pendingTimers).toBe(0);
  // And what fails later waits as shortly as the first did.
  here.refuses = () => true;
  await here.write(1);
  here.refuses = () => false;
  here.clock.advance(5_000);
  await settled();
  expect(here.told).toHaveLength(152);
});
