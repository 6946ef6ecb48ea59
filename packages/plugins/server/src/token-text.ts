/** Whether a text can stand in an `Authorization` header as it is. */
export function isTokenText(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text);
}
