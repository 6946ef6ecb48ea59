/** A URL as it may be shown: to the letter, but for user and password in it. A token may stand in the place of either. */
export function shownUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.username === "" && url.password === "")) return text;
  if (url.username !== "") url.username = "***";
  if (url.password !== "") url.password = "***";
  return url.href;
}
