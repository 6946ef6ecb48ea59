/** One column: its title, and what it shows of a row. */
export interface Column<Row> {
  readonly title: string;
  readonly show: (row: Row) => string | number | boolean | null | undefined;
}

/** A long URL must not push the next columns off the screen; `show` and `--json` have it whole. */
const widest = 60;

/** Lines of a table with aligned columns; without rows, the one line that `empty` says. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): string {
  if (rows.length === 0) return empty;
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ show }) => shorten(shown(show(row))))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Lines of `name  value`, aligned. */
export function fields(values: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`.trimEnd())
    .join("\n");
}

/** `2026-07-20T10:11:12.345678Z` as a person reads it. */
export function time(text: string | null | undefined): string {
  return text === null || text === undefined ? "-" : text.replace("T", " ").replace(/(?:\.\d+)?Z$/, "Z");
}

/** `1 webhook`, `2 webhooks`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.join(", ");
  return printable(String(value));
}

/** What others wrote must not move the cursor, clear the screen, or read from right to left where it does not end. */
export function printable(text: string): string {
  return [...text].map((letter) => (isControl(letter) ? "\uFFFD" : letter)).join("");
}

function isControl(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || turnsWriting(code);
}

function turnsWriting(code: number): boolean {
  return code === 0x200e || code === 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

function shorten(text: string): string {
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
}
