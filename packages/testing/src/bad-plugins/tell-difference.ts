import { inspect } from "node:util";
import type { Evidence } from "./evidence.js";

/** Lines that are missing and lines that are too many; nothing when all are alike and in the same order. */
export function difference(what: string, wanted: readonly string[], found: readonly string[]): readonly string[] {
  if (JSON.stringify(wanted) === JSON.stringify(found)) return [];
  const missing = wanted.filter((line) => !found.includes(line));
  const added = found.filter((line) => !wanted.includes(line));
  return [
    `${what}: ${wanted.length} lines expected, ${found.length} found`,
    ...missing.map((line) => `- ${line}`),
    ...added.map((line) => `+ ${line}`),
  ];
}

/** On one line. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 5, breakLength: Number.POSITIVE_INFINITY });
}

/** What there is to see instead of a sign that is missing, in short. */
export function shownEvidence({ lines, heard, attempts, statuses, notes, caught, received }: Evidence): string {
  const trouble = lines
    .filter(({ level }) => level !== "debug")
    .map(({ level, message, fields }) => [level, message.slice(0, 300), fields["plugin"]]);
  const states = statuses.map(({ name, state, error }) => [name, state, error]);
  return inspect(
    {
      trouble,
      heard: heard.slice(-10),
      attempts: attempts.slice(-10),
      states,
      notes,
      caught,
      received: received.slice(-5),
    },
    { depth: 4, breakLength: 160 },
  ).slice(0, 6_000);
}
