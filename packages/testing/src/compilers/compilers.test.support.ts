import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import swc from "@swc/core";
import esbuild from "esbuild";
import { transformSync } from "oxc-transform";
import type { ConsumerProject, Ended } from "./consumer-project.test.support.js";

const require = createRequire(import.meta.url);

/** The program of each TypeScript that an author may have. */
export const typescripts: Readonly<Record<string, string>> = {
  "TypeScript 5.9": require.resolve("typescript-5/bin/tsc"),
  "TypeScript 6": require.resolve("typescript-6/bin/tsc"),
  "TypeScript 7": join(require.resolve("typescript/package.json"), "../bin/tsc"),
};

/** How an author's compiler understands decorators. */
type Decorators = "legacy" | "standard";

/** Makes `out/NAME.js` of `NAME.ts`. */
export type Compile = (project: ConsumerProject, name: string, decorators: Decorators) => Promise<void>;

/** Everything that makes JavaScript of an author's file. */
export const compilers: Readonly<Record<string, Compile>> = {
  ...Object.fromEntries(
    Object.keys(typescripts).map(
      (version) =>
        [version, (project, name, decorators) => byTypescript(version, project, { name, decorators })] satisfies [
          string,
          Compile,
        ],
    ),
  ),
  oxc: (project, name, decorators) =>
    byTransform(project, name, (text) => {
      const { code, errors } = transformSync(`${name}.ts`, text, {
        decorator: { legacy: decorators === "legacy" },
      });
      if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join());
      return code;
    }),
  swc: (project, name, decorators) =>
    byTransform(project, name, (text) => {
      const legacyDecorator = decorators === "legacy";
      const transform = legacyDecorator ? { legacyDecorator } : { decoratorVersion: "2022-03" as const };
      return swc.transformSync(text, {
        swcrc: false,
        jsc: { parser: { syntax: "typescript", decorators: true }, target: "es2022", transform },
        module: { type: "es6" },
      }).code;
    }),
  esbuild: (project, name, decorators) =>
    byTransform(project, name, (text) => {
      const compilerOptions = { experimentalDecorators: decorators === "legacy" };
      return esbuild.transformSync(text, { loader: "ts", target: "es2022", tsconfigRaw: { compilerOptions } }).code;
    }),
};

/** What a strict author has in the `tsconfig.json`. */
const strictOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  module: "nodenext",
  target: "es2022",
  lib: ["es2024", "esnext.disposable"],
  types: ["node"],
  skipLibCheck: true,
};

/** Runs one TypeScript over some files of the project. */
export async function runTypescript(
  version: string,
  project: ConsumerProject,
  { files, options }: { readonly files: readonly string[]; readonly options: object },
): Promise<Ended> {
  const config = `tsconfig.${files[0]}.json`;
  await project.write(config, JSON.stringify({ compilerOptions: { ...strictOptions, ...options }, files }));
  return project.node(typescripts[version] ?? "", "-p", config);
}

interface CompiledFile {
  readonly name: string;
  readonly decorators: Decorators;
}

async function byTypescript(
  version: string,
  project: ConsumerProject,
  { name, decorators }: CompiledFile,
): Promise<void> {
  const options = {
    erasableSyntaxOnly: true,
    experimentalDecorators: decorators === "legacy",
    outDir: "out",
    rootDir: ".",
    noEmitOnError: true,
  };
  const { status, out } = await runTypescript(version, project, { files: [`${name}.ts`], options });
  if (status !== 0) throw new Error(out);
}

async function byTransform(project: ConsumerProject, name: string, transform: (text: string) => string): Promise<void> {
  const text = await readFile(join(project.folder, `${name}.ts`), "utf8");
  await project.write(`out/${name}.js`, transform(text));
}
