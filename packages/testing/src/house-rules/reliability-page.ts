/** One case of a proof suite. */
export interface ProofCase {
  /** Of its file, from the repository's root. */
  readonly file: string;
  /** Titles of its groups and its own, the suite's first. */
  readonly titles: readonly string[];
  /** What a run came to; where it was only collected, what the page must say. */
  readonly holds: boolean;
}

/** What stands above the generated part is written by hand. */
const mark = "<!-- From here on written by `npm run reliability`. -->";

/** On what a suite runs, by the beginning of its file's path; the first that fits. */
const grounds: readonly (readonly [path: string, ground: string])[] = [
  ["packages/plugins/server/src/chaos/", "processes that are killed, SQLite files, loopback sockets"],
  ["packages/plugins/server/", "the API of the whole service, SQLite files, loopback sockets"],
  ["packages/plugins/sqlite/", "the SQLite store on real files, and a host over it"],
  ["packages/core/src/transport/", "the transport that is shipped, loopback sockets"],
];

interface Suite {
  readonly title: string;
  readonly file: string;
  readonly cases: readonly ProofCase[];
}

/** A suite with more cases folds them. */
const longestOpenList = 12;

/** The page: the hand-written head of `current`, and what these cases say. The same cases, in whatever order, give the same page. */
export function reliabilityPage(current: string, cases: readonly ProofCase[], node: string): string {
  const [written = ""] = current.split(mark, 1);
  const head = written.trimEnd();
  const suites = suitesOf(cases);
  return [head, "", mark, "", summary(suites, node), "", ...suites.map(section), ""].join("\n");
}

function suitesOf(cases: readonly ProofCase[]): readonly Suite[] {
  const suites = Map.groupBy(cases, ({ file, titles }) => `${file}\n${titles[0]}`);
  return [...suites.values()]
    .flatMap((own) => (own[0] === undefined ? [] : [{ title: own[0].titles[0] ?? "", file: own[0].file, cases: own }]))
    .sort((one, other) => compare(one.title, other.title) || compare(one.file, other.file));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function summary(suites: readonly Suite[], node: string): string {
  const rows = suites.map(
    (suite) => `| ${cell(suite.title)} | ${suite.cases.length} | ${groundOf(suite)} | ${resultOf(suite)} |`,
  );
  const total = suites.reduce((sum, { cases }) => sum + cases.length, 0);
  return [
    `${total} cases, each in every run of the tests, on Node ${node} for Linux and its own SQLite.`,
    "",
    "| what was tried | cases | on what | result |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function section(suite: Suite): string {
  const list = suite.cases.map((one) => `- ${text(one.titles.slice(1).join(": "))}${one.holds ? "" : " **FAILS**"}`);
  const body =
    list.length <= longestOpenList
      ? list
      : ["<details>", `<summary>${list.length} cases</summary>`, "", ...list, "", "</details>"];
  return [`## ${text(suite.title)}`, "", `\`${suite.file}\``, "", ...body, ""].join("\n");
}

function groundOf({ file }: Suite): string {
  if (file.endsWith(".proof.test.ts")) return "the code alone";
  return grounds.find(([path]) => file.startsWith(path))?.[1] ?? "real files and loopback sockets";
}

function resultOf({ cases }: Suite): string {
  const failed = cases.filter(({ holds }) => !holds).length;
  return failed === 0 ? "all hold" : `**${failed} fail**`;
}

function cell(title: string): string {
  return text(title).replaceAll("|", "\\|");
}

/** Titles hold URLs, headers and other marks that Markdown would take for its own; what cannot be printed is shown by its number. */
function text(title: string): string {
  return title
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`)
    .replace(/[\\`*_<>[\]]/g, (sign) => `\\${sign}`);
}
