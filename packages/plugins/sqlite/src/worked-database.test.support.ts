import { closeSync, copyFileSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DeliveryId } from "@hookwright/core";
import { organizationId } from "@hookwright/testing";
import { deliveriesOf, SqliteRig, Trial } from "./sqlite-rig.test.support.js";
import type { SqliteStore } from "./sqlite-store.js";

/** A database that was at work: some of its deliveries are delivered, the others wait. What was answered is known. */
export interface WorkedDatabase {
  readonly rig: SqliteRig;
  readonly file: string;
  readonly delivered: readonly DeliveryId[];
  readonly waiting: readonly DeliveryId[];
}

const rounds = 60;
const each = 10;

/** Closed in its own time, or, with `crash`, left by a process that died: then most of it stands in the -wal file. */
export async function workedDatabase({ crash = false } = {}): Promise<WorkedDatabase> {
  const rig = SqliteRig.forTest();
  const trial = new Trial(rig, await rig.open());
  const webhook = await trial.webhook();
  const delivered: DeliveryId[] = [];
  const waiting: DeliveryId[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await trial.append(trial.entries(webhook, each));
    const { leases } = await trial.claim(each / 2);
    await trial.deliver(leases);
    delivered.push(...leases.map(({ id }) => id));
  }
  const last = trial.entries(webhook, 1);
  await trial.append(last);
  const { leases } = await trial.claim();
  waiting.push(...leases.map(({ id }) => id));
  // Given back: a clean close has nothing under way.
  await trial.store.queue.settle(leases.map(released), trial.now);
  if (!waiting.includes(deliveriesOf(last)[0] as DeliveryId)) throw new Error("the last one was to wait");
  const file = crash ? leftByCrash(rig) : rig.file;
  await trial.store.close();
  return { rig, file, delivered, waiting };
}

/** The files as they stand while the database is at work: an end of the process would leave just these. */
function leftByCrash({ folder, file }: SqliteRig): string {
  const left = join(folder, "crashed.db");
  for (const end of ["", "-wal", "-shm"]) copyFileSync(`${file}${end}`, `${left}${end}`);
  return left;
}

type GivenLease = Awaited<ReturnType<Trial["claim"]>>["leases"][number];

function released({ id: delivery, organization, webhook, attempt: fence, due }: GivenLease) {
  return {
    delivery,
    organization,
    webhook,
    fence,
    due,
    verdict: { kind: "release" },
    attempt: null,
    effect: { kind: "none" },
  } as const;
}

/** What became of each delivery: its status, or the code of the error that reading it came to. */
export async function statusesOf(
  store: SqliteStore,
  ids: readonly DeliveryId[],
): Promise<ReadonlyMap<DeliveryId, string | undefined>> {
  const found = ids.map(async (id) => {
    const read = store.attempts.get(organizationId(1), id).then((detail) => detail?.delivery.status);
    return [id, await read.catch((error: unknown) => String(Object(error).code))] as const;
  });
  return new Map(await Promise.all(found));
}

const pageSize = 4_096;

/** The pages of a table or an index, first page 1. Of a file that nobody has open. */
export function pagesOf(file: string, name: string): readonly number[] {
  const database = new DatabaseSync(file);
  try {
    const rows = database.prepare("SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno").all(name);
    return rows.map(({ pageno }) => Number(pageno));
  } finally {
    database.close();
  }
}

/** Writes nonsense over a part of a page, past what a page's head says of it. */
export function spoilPage(file: string, page: number): void {
  overwrite(file, (page - 1) * pageSize, Buffer.alloc(pageSize, 0xa5));
}

export function overwrite(file: string, at: number, bytes: Buffer): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

/** Turns one bit over, at a part of the way through the file. */
export function flipBit(file: string, part: number): void {
  const descriptor = openSync(file, "r+");
  const at = Math.floor(fstatSync(descriptor).size * part);
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  writeSync(descriptor, byte, 0, 1, at);
  closeSync(descriptor);
}

/** Whether SQLite finds nothing wrong with the file, and the tables agree with one another. */
export function faultsOf(file: string): readonly unknown[] {
  const database = new DatabaseSync(file);
  try {
    const health = database.prepare("PRAGMA integrity_check").all();
    const apart = `SELECT d.id FROM deliveries d LEFT JOIN messages m ON m.number = d.message LEFT JOIN due u ON u.number = d.number
      WHERE m.number IS NULL OR (d.status = 0) <> (u.number IS NOT NULL)`;
    return [...health.filter((row) => row["integrity_check"] !== "ok"), ...database.prepare(apart).all()];
  } finally {
    database.close();
  }
}
