import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Compiles the database thread before tests that run from the sources: a thread is plain Node, which resolves neither the
 * sources' `.js` endings nor their conditions, so every test runs the file that is shipped. Types are `npm run check`'s.
 */
export default function setup(project: TestProject): void {
  build();
  project.onTestsRerun(build);
}

function build(): void {
  const compiler = `${root}node_modules/.bin/tsc`;
  const { status, error } = spawnSync(compiler, ["--build", "--noCheck", "packages/plugins/sqlite"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0)
    throw new Error(`The database thread of @hookwright/plugin-sqlite was not compiled.`, { cause: error });
}
