/** Numbers of a table that are summed up together. A power of two that divides the steps of the lists. */
export const blockSize = 256;

/** Which block a number is in; numbers begin at 1. */
export function blockOf(number: number): number {
  return Math.floor((number - 1) / blockSize);
}

/** The numbers of a block: greater than `after`, up to `upTo`. */
export function numbersOf(block: number): { readonly after: number; readonly upTo: number } {
  return { after: block * blockSize, upTo: (block + 1) * blockSize };
}

/** The same in a statement. */
export const blockSql = `(number - 1) / ${blockSize}`;

/** A column that holds every value that occurs in the block, each between commas. */
export function valuesSql(value: string): string {
  return `',' || coalesce(group_concat(DISTINCT ${value}), '') || ','`;
}

/** The condition that such a column holds a text: a value between its commas, or one end of it with its comma. */
export function holdsSql(column: string): string {
  return `instr(${column}, ?) > 0`;
}
