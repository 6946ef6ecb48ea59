// Numbered parameters (`?1`) are not bound by position in Node 22.

/** Rows of a part of a table, made before a moment. Numbers count the rows of a table in the order in which they came. */
export interface OldRows {
  readonly after: number;
  readonly upTo: number;
  readonly before: number;
}

/** The deliveries among {@link OldRows}, whose members are its parameters, that were finished before that moment too: one that was sent again is kept from then on. The condition of every statement that removes some. */
export const finishedAmong =
  "number > :after AND number <= :upTo AND created_at < :before AND status <> 0 AND finished_at < :before";

/** The last number of some rows, and how many of them are old; `null` where there are none. */
export type OldWindow = readonly [last: number | null, old: number | null];

/** Some rows of the deliveries from a number on. */
export const deliveryWindowSql = `SELECT max(number), sum(created_at < ?) FROM
  (SELECT number, created_at FROM deliveries WHERE number > ? ORDER BY number LIMIT ?)`;

/**
 * The same of the messages: those whose bodies begin within so many bytes. A body takes a page for every 4 KiB, and each is
 * touched when it is removed: by rows alone, a step over large ones would take seconds.
 */
export const messageWindowSql = `SELECT max(number), sum(created_at < ?) FROM
  (SELECT number, created_at, sum(size) OVER (ORDER BY number) - size AS before FROM
    (SELECT number, created_at, length(payload) + CASE variants WHEN 0 THEN 0
       ELSE (SELECT coalesce(sum(length(v.payload)), 0) FROM message_variants v WHERE v.message = number) END AS size
     FROM messages WHERE number > ? ORDER BY number LIMIT ?)) WHERE before < ${4 * 2 ** 20}`;
