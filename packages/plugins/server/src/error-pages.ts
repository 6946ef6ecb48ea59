import { type ErrorCode, type ErrorCodeEntry, errorCodes, type FailureStage } from "@hookwright/core";
import { httpStatusOf } from "./error-envelope.js";

/** One page in Markdown, by the name of its file. */
export interface ErrorPage {
  readonly file: string;
  readonly text: string;
}

/** In the order in which an event meets them. */
const stages: Readonly<Record<FailureStage, { readonly title: string; readonly text: string }>> = {
  before: {
    title: "Before the attempt",
    text: "The caller is told. Nothing of the refused call was stored.",
  },
  during: {
    title: "During an attempt",
    text: "The attempt is recorded with the code. Whether it is repeated says the schedule of the webhook or of the handler.",
  },
  after: {
    title: "After the attempt",
    text: "The receiver has its message already. What was not recorded is repeated with the same `webhook-id`.",
  },
};

/** All pages: one for each code, and the one that lists them by stage. */
export function errorPages(): readonly ErrorPage[] {
  const pages = codes().map((code) => ({ file: fileOf(code), text: withTitle(code, [], errorPage(code)) }));
  return [{ file: "index.md", text: withTitle("Error codes", codes().map(fileOf), indexPage()) }, ...pages];
}

/** What the error table says of one code, in Markdown without a title. */
export function errorPage(code: ErrorCode): string {
  const { stage, meaning, cause, remedy, shows }: ErrorCodeEntry = errorCodes[code];
  const status = httpStatusOf(code);
  const answered = status === undefined ? "" : ` Over HTTP it is answered with status ${status}.`;
  return [
    meaning,
    `**${stages[stage].title}.** ${stages[stage].text}`,
    `## Why it happens\n\n${cause}`,
    `## What to do\n\n${remedy}`,
    `## Where it shows\n\n${shows}${answered}`,
  ].join("\n\n");
}

/** Every code of the table. */
export function codes(): readonly ErrorCode[] {
  return Object.keys(errorCodes) as readonly ErrorCode[];
}

function indexPage(): string {
  const sections = Object.entries(stages).map(([stage, { title, text }]) => {
    const rows = codes()
      .filter((code) => errorCodes[code].stage === stage)
      .map((code) => `| [\`${code}\`](${fileOf(code)}) | ${errorCodes[code].meaning} |`);
    return [`## ${title}`, text, ["| code | meaning |", "| --- | --- |", ...rows].join("\n")].join("\n\n");
  });
  const head =
    "Every error that Hookwright throws, logs or records carries one of these codes. `hookwright explain CODE` shows the same page.";
  return [head, ...sections].join("\n\n");
}

/** The front matter of a page as TypeDoc reads it; the pages below stand under it in the navigation. */
function withTitle(title: string, below: readonly string[], text: string): string {
  const children = below.length === 0 ? [] : ["children:", ...below.map((file) => `  - ./${file}`)];
  return ["---", `title: ${title}`, ...children, "---", "", `# ${title}`, "", text, ""].join("\n");
}

function fileOf(code: ErrorCode): string {
  return `${code}.md`;
}
