// The program behind `npm run api` (writes the reports) and the surface step of `npm run check` (`--check`: compares).

import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type ApiReport, apiReport } from "./api-report.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const update = !process.argv.includes("--check");

for (const folder of globSync(["packages/*", "packages/plugins/*"], { cwd: root })) {
  if (!existsSync(join(root, folder, "package.json"))) continue;
  const report = apiReport(join(root, folder), { update });
  if (!report.changed) continue;
  tellChange(report);
  if (!update) process.exitCode = 1;
}

function tellChange({ file, current }: ApiReport): void {
  const name = relative(root, file);
  if (update) {
    console.error(`${name} written`);
    return;
  }
  console.error(`${name} is not what the package exports; if the change is meant, run "npm run api" and commit it`);
  if (existsSync(file)) spawnSync("diff", ["-u", file, current], { stdio: ["ignore", 2, 2] });
}
