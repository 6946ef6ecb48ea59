import { isTestFile, type Located, type SourceFile, type SourceTree } from "./source-tree.js";

// `any`, a trailing `!` and `@ts-ignore` are the linter's to find. Here stand the ways around the linter and the
// compiler that the linter does not know.
const guarded = ["noExplicitAny", "noNonNullAssertion", "noTsIgnore"];

/** No file switches the compiler off; no shipped file silences it, or the lint rules that guard the types. */
export function escapeRule(tree: SourceTree): string[] {
  return [...tree.values()].flatMap((file) =>
    isTestFile(file.path)
      ? unchecked(file)
      : [...unchecked(file), ...expectedErrors(file), ...suppressions(file), ...definiteAssignments(file)],
  );
}

function unchecked(file: SourceFile): string[] {
  return commentsThat(file, ({ text }) => text.startsWith("@ts-nocheck"), "switches the compiler off");
}

function expectedErrors(file: SourceFile): string[] {
  return commentsThat(file, ({ text }) => text.startsWith("@ts-expect-error"), "silences the compiler");
}

function suppressions(file: SourceFile): string[] {
  const silences = ({ text }: Located): boolean =>
    text.startsWith("biome-ignore") && guarded.some((rule) => text.includes(rule));
  return commentsThat(file, silences, "silences a lint rule that guards the types");
}

function definiteAssignments(file: SourceFile): string[] {
  return file.definiteAssignments.map(({ text, line }) => `${file.path}:${line} declares with "!": ${text}`);
}

function commentsThat(file: SourceFile, matches: (comment: Located) => boolean, does: string): string[] {
  return file.comments.filter(matches).map(({ text, line }) => `${file.path}:${line} ${does}: ${text}`);
}
