// Numbered parameters (`?1`) are not bound by position in Node 22.

/** Rows of a part of a table, made before a moment. Numbers count the rows of a table in the order in which they came. */
export interface OldRows {
  readonly after: number;
  readonly upTo: number;
  readonly before: number;
}

/** The finished deliveries among {@link OldRows}, whose members are its parameters. The condition of every statement that removes some. */
export const finishedAmong = "number > :after AND number <= :upTo AND created_at < :before AND status <> 0";

/** The last number of some rows, and how many of them are old; `null` where there are none. */
export type OldWindow = readonly [last: number | null, old: number | null];

/** Some rows of a table from a number on: their number, and how many are old. */
export function windowSql(table: "messages" | "deliveries"): string {
  return `SELECT max(number), sum(created_at < ?) FROM
    (SELECT number, created_at FROM ${table} WHERE number > ? ORDER BY number LIMIT ?)`;
}
