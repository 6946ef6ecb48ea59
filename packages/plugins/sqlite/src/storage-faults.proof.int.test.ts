import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DeliveryId, MessageId } from "@hookwright/core";
import { organizationId } from "@hookwright/testing";
import { describe, expect, test } from "vitest";
import { deliveriesOf, SqliteRig, Trial, trial } from "./sqlite-rig.test.support.js";
import { StoreProgram } from "./store-program.test.support.js";
import {
  faultsOf,
  flipBit,
  overwrite,
  pagesOf,
  spoilPage,
  statusesOf,
  type WorkedDatabase,
  workedDatabase,
} from "./worked-database.test.support.js";

describe("Storage faults: full", () => {
  test("the size limit is reached: storage_full, nothing half stored, reads and records go on, and room made by retention is used at once", async () => {
    const scene = await trial({ maxBytes: 1_500_000 });
    const webhook = await scene.webhook();
    const answered: DeliveryId[] = [];
    const fill = async (): Promise<never> => {
      for (;;) {
        const entries = scene.entries(webhook, 50);
        await scene.append(entries);
        answered.push(...deliveriesOf(entries));
        await scene.deliver((await scene.claim()).leases);
      }
    };
    const full = { code: "storage_full", message: expect.stringContaining("Make room") };
    await expect(fill()).rejects.toMatchObject(full);
    await expect(scene.append(scene.entries(webhook, 50))).rejects.toMatchObject(full);
    const found = await statusesOf(scene.store, answered);
    expect([...found.values()].filter((status) => status !== "delivered" && status !== "pending")).toEqual([]);
    scene.clock.advance(60_000);
    while (await scene.store.attempts.purge(scene.now, scene.now));
    // What waits is what could not be recorded when there was no room: it goes out again, and nothing else does.
    const { leases } = await scene.claim();
    expect(leases.map(({ id }) => id)).toEqual(answered.filter((id) => found.get(id) === "pending"));
    expect(await scene.deliver(leases)).not.toContain(false);
    expect(await scene.append(scene.entries(webhook, 50))).toHaveLength(50);
    await scene.store.close();
    expect(faultsOf(scene.rig.file)).toEqual([]);
  });

  test("the system lets the file grow no more: storage_failed with what to do, and all that was answered is there afterwards", async () => {
    const rig = SqliteRig.forTest();
    // In blocks of 1,024 bytes; files of this process only.
    const program = StoreProgram.start("fill", rig.file, ["bash", "-c", 'trap "" XFSZ; ulimit -f 800; exec "$@"', "-"]);
    expect(await program.nextLine()).toBe("open");
    const answered: string[] = [];
    let line = await program.nextLine();
    for (; line?.startsWith("stored ") === true; line = await program.nextLine())
      answered.push(line.slice("stored ".length));
    expect(line).toMatch(/^failed storage_(failed .* The system refused|full .* Make room)/);
    expect(await program.nextLine()).toBe("reads");
    await program.kill();
    const store = await rig.open();
    expect(answered.length).toBeGreaterThan(10);
    // What a child says is an id that its store gave.
    const found = answered.map((id) => store.messages.get(organizationId(1), id as MessageId));
    expect(await Promise.all(found)).not.toContain(undefined);
  });
});

describe("Storage faults: read-only", () => {
  const withoutRoot =
    process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] : [];

  test.each([
    [
      "the database file",
      (file: string) => chmodSync(file, 0o400),
      /^failed storage_failed .*readonly.* Give the user/,
    ],
    ["its folder", (file: string) => chmodSync(dirname(file), 0o500), /^failed storage_failed .*EACCES.* open/],
  ] as const)(
    "%s may not be written: one line says so at the start, and nothing is changed",
    async (_, forbid, line) => {
      const rig = SqliteRig.forTest();
      const file = join(rig.folder, "data", "hooks.db");
      mkdirSync(dirname(file));
      const store = await rig.open({ file });
      await store.close();
      // As a restored backup stands there: without the files beside it.
      rmSync(`${file}.lock`, { force: true });
      forbid(file);
      expect(await StoreProgram.start("open", file, withoutRoot).nextLine()).toMatch(line);
      chmodSync(dirname(file), 0o700);
      chmodSync(file, 0o600);
      await rig.open({ file });
    },
  );
});

describe("Storage faults: locked", () => {
  test("another process has the database at the start: one line names it, and both databases are well", async () => {
    const rig = SqliteRig.forTest();
    const program = StoreProgram.start("hold", rig.file);
    expect(await program.nextLine()).toBe("open");
    await expect(rig.open()).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringMatching(/in use by another process/),
    });
    await program.kill();
    await rig.open();
  });

  test("another program writes for a moment: what is called waits for it, and is stored", async () => {
    const scene = await trial();
    const webhook = await scene.webhook();
    const other = exclusively(scene.rig.file);
    const appending = scene.append(scene.entries(webhook, 3));
    setTimeout(() => other.close(), 200);
    expect(await appending).toHaveLength(3);
  });

  test("another program does not let go: storage_failed says that it is held, nothing of the call is stored, and the next one works", async () => {
    const scene = await trial();
    const webhook = await scene.webhook();
    const other = exclusively(scene.rig.file);
    const entries = scene.entries(webhook, 3);
    await expect(scene.append(entries)).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringMatching(/database is locked.*Another program holds it/),
    });
    other.close();
    expect(await scene.append(entries)).toHaveLength(3);
    expect((await scene.claim()).leases).toHaveLength(3);
  }, 30_000);
});

/** What a backup or a shell can do to a database that is in use. */
function exclusively(file: string): DatabaseSync {
  const other = new DatabaseSync(file);
  other.exec("BEGIN EXCLUSIVE");
  return other;
}

interface Damage {
  readonly name: string;
  readonly spoil: (file: string) => void;
  /** What opening comes to; `undefined`: it opens. */
  readonly refusal?: RegExp;
  /** What reading a delivery may come to then. */
  readonly reads?: readonly (string | undefined)[];
}

const damages: readonly Damage[] = [
  {
    name: "the first bytes of the file are others",
    spoil: (file) => overwrite(file, 0, Buffer.from("nonsense".repeat(2))),
    refusal: /restore a backup/,
  },
  {
    name: "the schema's page is spoilt",
    spoil: (file) => overwrite(file, 100, Buffer.alloc(3_996, 0xa5)),
    refusal: /It is damaged/,
  },
  {
    name: "the file ends in its middle",
    spoil: (file) => truncateSync(file, 4_096 * Math.floor(statSync(file).size / 8_192)),
    refusal: /It is damaged/,
  },
  {
    name: "a page of the messages is spoilt",
    spoil: (file) => spoilLeaf(file, "messages"),
    reads: ["delivered", "pending", "storage_failed"],
  },
  {
    name: "a page of the deliveries is spoilt",
    spoil: (file) => spoilLeaf(file, "deliveries"),
    reads: ["delivered", "pending", "storage_failed"],
  },
  {
    name: "a page of the attempts is spoilt",
    spoil: (file) => spoilLeaf(file, "attempts"),
    reads: ["delivered", "pending", "storage_failed"],
  },
  {
    name: "a page of an index is spoilt",
    spoil: (file) => spoilLeaf(file, "sqlite_autoindex_deliveries_1"),
    reads: ["delivered", "pending", "storage_failed"],
  },
];

describe("Storage faults: damaged pages", () => {
  test.each(damages.map((damage) => [damage.name, damage] as const))(
    "%s: said with what to do, and what is not hit stays readable",
    async (_, { spoil, refusal, reads }) => {
      const { rig, file, delivered, waiting } = await workedDatabase();
      spoil(file);
      const opening = rig.open({ file });
      if (refusal !== undefined) {
        await expect(opening).rejects.toMatchObject({
          code: expect.stringMatching(/^storage_/),
          message: expect.stringMatching(refusal),
        });
        return;
      }
      const store = await opening;
      const found = [...(await statusesOf(store, [...delivered, ...waiting])).values()];
      expect(new Set(found)).toEqual(new Set(reads));
      expect(found.filter((status) => status === "storage_failed").length).toBeLessThan(found.length / 2);
      // The thread lives, and new events are taken where the damage is not.
      const scene = new Trial(rig, store);
      const error: unknown = await scene
        .append(scene.entries(await scene.webhook(), 1))
        .catch((thrown: unknown) => thrown);
      if (error instanceof Error)
        expect(error).toMatchObject({ code: "storage_failed", message: expect.stringMatching(/It is damaged/) });
    },
  );
});

/** In the middle of the table: the oldest and the newest are not hit. */
function spoilLeaf(file: string, name: string): void {
  const pages = pagesOf(file, name);
  spoilPage(file, pages[Math.floor(pages.length / 2)] ?? 0);
}

interface LogDamage {
  readonly name: string;
  readonly spoil: (file: string) => void;
  /** Whether everything that was answered must be there still. */
  readonly keepsAll: boolean;
}

const logDamages: readonly LogDamage[] = [
  { name: "the -shm file is gone", spoil: (file) => rmSync(`${file}-shm`, { force: true }), keepsAll: true },
  {
    name: "the -shm file is nonsense",
    spoil: (file) => overwrite(`${file}-shm`, 0, Buffer.alloc(32_768, 0xa5)),
    keepsAll: true,
  },
  {
    name: "the -wal file lost its end",
    spoil: (file) => truncateSync(`${file}-wal`, Math.floor(statSync(`${file}-wal`).size / 2)),
    keepsAll: false,
  },
  {
    name: "a bit in the middle of the -wal file is another",
    spoil: (file) => flipBit(`${file}-wal`, 0.5),
    keepsAll: false,
  },
  {
    name: "a bit in the head of the -wal file is another",
    spoil: (file) => flipBit(`${file}-wal`, 0),
    keepsAll: false,
  },
];

describe("Storage faults: damaged log", () => {
  test.each(logDamages.map((damage) => [damage.name, damage] as const))(
    "after a crash, %s: the state is one that was answered, whole and healthy",
    async (_, { spoil, keepsAll }) => {
      const worked = await workedDatabase({ crash: true });
      const { rig, file, delivered, waiting } = worked;
      spoil(file);
      const store = await rig.open({ file }).catch((error: unknown) => error as Error);
      if (store instanceof Error) {
        // The schema itself stood in the log only.
        expect(keepsAll).toBe(false);
        expect(store).toMatchObject({ code: "storage_failed" });
        return;
      }
      const found = await statusesOf(store, [...delivered, ...waiting]);
      expectPrefix(worked, found, keepsAll);
      await store.close();
      expect(faultsOf(file)).toEqual([]);
    },
  );
});

/** What stands there is what stood there at some moment: nothing of later without all of what came before. */
function expectPrefix(
  worked: WorkedDatabase,
  found: ReadonlyMap<unknown, string | undefined>,
  keepsAll: boolean,
): void {
  const states = worked.delivered.map((id) => found.get(id));
  const kept = states.findIndex((status) => status !== "delivered");
  if (keepsAll) {
    expect(kept).toBe(-1);
    expect(worked.waiting.every((id) => found.get(id) === "pending")).toBe(true);
  } else {
    expect(states.slice(kept === -1 ? states.length : kept)).not.toContain("delivered");
  }
}

describe("Storage faults: the file goes away while it is in use", () => {
  const moves: Readonly<Record<string, (file: string) => void>> = {
    deleted: (file) => rmSync(file),
    renamed: (file) => renameSync(file, `${file}.old`),
    "replaced by a copy": (file) => {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    },
  };

  test.each(Object.entries(moves))(
    "%s: from the next call on nothing is answered that would be lost",
    async (_, move) => {
      const scene = await trial();
      const webhook = await scene.webhook();
      await scene.append(scene.entries(webhook, 1));
      move(scene.rig.file);
      for (let time = 0; time < 2; time += 1) {
        await expect(scene.append(scene.entries(webhook, 1))).rejects.toMatchObject({
          code: "storage_failed",
          message: expect.stringMatching(/was (deleted|replaced) while it was in use.*start again/),
        });
      }
      // What was answered can still be read out.
      expect(await scene.store.webhooks.list(organizationId(1), {}, {})).toHaveLength(1);
    },
  );
});
