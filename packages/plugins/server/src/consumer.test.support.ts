import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repository } from "./built-program.test.support.js";
import { type Ended, hookwright, type Running, startProcess, type World } from "./program.test.support.js";

const commandInClone = "npm run -s hookwright -- ";

/** `npm run -s hookwright -- send …`, as the arguments of the program. None of the commands in the pages needs quoting. */
export function argumentsOf(line: string): readonly string[] {
  if (!line.includes(commandInClone)) throw new Error(`not a command of the clone: ${line}`);
  return line.slice(line.indexOf(commandInClone) + commandInClone.length).split(" ");
}

/** Runs a line of a shell block; `echo '…' |` before it is its standard input. */
export function runLine(of: World, line: string): Promise<Ended> {
  const input = /^echo '(.*)' \| /.exec(line)?.[1] ?? "";
  return hookwright(of, argumentsOf(line), input);
}

/** Makes the packages resolve in a folder as if they were installed there, with the types of Node that users of TypeScript have. */
export function withPackages(of: World): World {
  const modules = join(of.folder, "node_modules");
  mkdirSync(join(modules, "@hookwright"), { recursive: true });
  for (const name of ["core", "testing"])
    symlinkSync(join(repository, "packages", name), join(modules, "@hookwright", name));
  for (const name of ["sqlite", "signing", "server"])
    symlinkSync(join(repository, "packages/plugins", name), join(modules, `@hookwright/plugin-${name}`));
  for (const name of ["@types", "vitest"]) symlinkSync(join(repository, "node_modules", name), join(modules, name));
  put(of, "package.json", `{ "type": "module" }`);
  return of;
}

/** Saves a file; its folder is made. */
export function put({ folder }: World, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** What a user's own compiler says, in its strictest form. */
export function compile(of: World): Promise<Ended> {
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: "nodenext",
    target: "es2023",
    lib: ["es2024", "esnext.disposable"],
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ["node"],
  };
  put(of, "tsconfig.json", JSON.stringify({ compilerOptions: options, include: ["*.ts"] }));
  return startProcess({ command: tool("tsc"), args: ["-p", of.folder], cwd: of.folder }).ended;
}

/** Runs a file by Node as it is. */
export function node({ folder }: World, file: string): Running {
  return startProcess({ command: process.execPath, args: [file], cwd: folder });
}

/** Runs every test in the folder. */
export function runTests({ folder }: World): Promise<Ended> {
  const environment = { NO_COLOR: "1", CI: "1" };
  return startProcess({ command: tool("vitest"), args: ["run", "--root", folder], cwd: folder, environment }).ended;
}

function tool(name: string): string {
  return join(repository, "node_modules/.bin", name);
}
