import { expect, test } from "vitest";
import { SqliteRig } from "../sqlite-rig.test.support.js";
import { StoreProgram } from "../store-program.test.support.js";

const inUse = (folder: string) => ({
  code: "storage_failed",
  message: expect.stringContaining(`The database hooks.db in folder ${folder} is in use by another process`),
});

test("a second store of the same process is told that the database is in use, and harms nothing", async () => {
  const rig = SqliteRig.forTest();
  const first = await rig.open();
  await expect(rig.open()).rejects.toMatchObject(inUse(rig.folder));
  // The failed open must not have freed the lock of the first.
  await expect(rig.open()).rejects.toMatchObject(inUse(rig.folder));
  const program = await StoreProgram.start("hold", rig.file);
  expect(await program.nextLine()).toMatch(/^failed storage_failed .* is in use/);
  await first.close();
  await rig.open();
});

test("a database that another process has is in use until that process is dead", async () => {
  const rig = SqliteRig.forTest();
  const program = await StoreProgram.start("hold", rig.file);
  expect(await program.nextLine()).toBe("open");
  await expect(rig.open()).rejects.toMatchObject(inUse(rig.folder));
  await program.kill();
  await rig.open();
});
