import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** One TypeScript file, reduced to what the house rules look at. */
export interface SourceFile {
  /** From the repository's root, with forward slashes: `packages/core/src/event/registry.ts`. */
  readonly path: string;
  /** Every module that the file names: imports, re-exports, dynamic imports, and imports inside types. */
  readonly imports: readonly Located[];
  readonly comments: readonly Located[];
  /** Names declared with `!`, which tells the compiler that somebody else assigns them. */
  readonly definiteAssignments: readonly Located[];
}

/** A text of a file and the line (from 1) where it stands. */
export interface Located {
  readonly text: string;
  readonly line: number;
}

/** The sources of the repository, by path. */
export type SourceTree = ReadonlyMap<string, SourceFile>;

/**
 * Reads every TypeScript file under `packages/` and `docs/examples/`.
 *
 * @param root - absolute path of the repository
 * @throws Error when a file does not parse
 */
export function readSourceTree(root: string): SourceTree {
  const texts: Record<string, string> = {};
  for (const folder of ["packages", "docs/examples"]) {
    for (const file of typescriptFiles(join(root, folder)))
      texts[relative(root, file).split(sep).join("/")] = readFileSync(file, "utf8");
  }
  return parseSourceTree(texts);
}

/** Makes a tree from texts by path: how a test feeds the rules a tree that breaks them. */
export function parseSourceTree(texts: Readonly<Record<string, string>>): SourceTree {
  return new Map(Object.entries(texts).map(([path, text]) => [path, parseSourceFile(path, text)]));
}

/** True for tests, type tests and benchmarks: files that are not shipped and that no other file may import. */
export function isTestFile(path: string): boolean {
  return /\.(test|test-d|bench)\.ts$/.test(path);
}

function* typescriptFiles(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort(byName);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== "dist") yield* typescriptFiles(path);
    else if (entry.isFile() && /\.tsx?$/.test(entry.name)) yield path;
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function parseSourceFile(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`);

  const at = (text_: string, offset: number): Located => ({ text: text_, line: lineOf(text, offset) });
  const imports: Located[] = [];
  const definiteAssignments: Located[] = [];
  const named = (source: { value: unknown; start: number } | null): void => {
    if (typeof source?.value === "string") imports.push(at(source.value, source.start));
  };
  const declared = (node: { definite?: boolean; start: number; end: number }): void => {
    if (node.definite === true) definiteAssignments.push(at(text.slice(node.start, node.end), node.start));
  };

  new Visitor({
    ImportDeclaration: (node) => named(node.source),
    ExportNamedDeclaration: (node) => named(node.source),
    ExportAllDeclaration: (node) => named(node.source),
    ImportExpression: (node) => named(node.source.type === "Literal" ? node.source : null),
    TSImportType: (node) => named(node.source),
    TSExternalModuleReference: (node) => named(node.expression),
    PropertyDefinition: declared,
    AccessorProperty: declared,
    VariableDeclarator: declared,
  }).visit(parsed.program);

  return {
    path,
    imports,
    comments: parsed.comments.map((comment) => at(comment.value.trim(), comment.start)),
    definiteAssignments,
  };
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
