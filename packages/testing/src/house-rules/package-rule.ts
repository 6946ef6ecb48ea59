import { importTarget, packageOf } from "./import-target.js";
import { isTestFile, type SourceFile, type SourceTree } from "./source-tree.js";

/**
 * `core <- testing <- plugins`: a package imports only packages that stand before it, and plugins one another; always
 * by name, never by a path into the other's folder. Tests are not exempt: what a test needs must be installable first.
 */
export function packageRule(tree: SourceTree): string[] {
  return [...tree.values()].flatMap((file) => file.imports.flatMap((at) => packageFindings(file, at.text, at.line)));
}

function packageFindings(file: SourceFile, specifier: string, line: number): string[] {
  const own = packageOf(file.path);
  const target = importTarget(file.path, specifier);
  if (own === undefined || target === undefined) return [];
  const other = packageOf(target);
  const here = `${file.path}:${line}`;

  if (specifier.startsWith(".")) {
    if (other !== own)
      return [`${here} reaches out of its package by the path ${specifier}; import the package's name`];
    if (isTestFile(target) && !isTestFile(file.path)) return [`${here} imports ${specifier}, which is not shipped`];
    return [];
  }
  if (other === own) return isTestFile(file.path) ? [] : [`${here} imports its own package by name`];
  if (other !== undefined && rankOf(other) > rankOf(own)) {
    return [`${here} imports ${specifier}: ${own} stands before ${other} and may not know it`];
  }
  return [];
}

function rankOf(name: string): number {
  if (name === "core") return 0;
  return name === "testing" ? 1 : 2;
}
