import type { Sign } from "./bad-plugin-case.js";
import type { Evidence } from "./evidence.js";

/** Whether a sign can be seen. */
export function isSeen(sign: Sign, evidence: Evidence): boolean {
  switch (sign.kind) {
    case "notification":
      return evidence.heard.some(({ name, facts }) => name === sign.name && isLike(facts, sign.facts));
    case "log":
      return evidence.lines.some(
        ({ level, message, fields }) =>
          level === sign.level && fields["plugin"] === sign.plugin && message.includes(sign.tells),
      );
    case "attempt":
      return evidence.attempts.some(({ action, facts }) => action === sign.action && isLike(facts, sign.facts));
    case "status":
      return evidence.statuses.some(({ name, ...facts }) => name === sign.plugin && isLike(facts, sign.facts));
    case "caught":
      return evidence.caught.some(
        ({ code, message }) => code === sign.code && sign.tells.every((text) => message.includes(text)),
      );
    case "noted":
      return evidence.notes.includes(sign.text);
    case "received":
      return evidence.received.filter((body) => body === sign.body).length === sign.times;
    default:
      return sign satisfies never;
  }
}

/** Whether a value has at least what is wanted of it; a regular expression fits a text, or the message of an error. */
export function isLike(found: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return wanted.test(found instanceof Error ? found.message : String(found));
  if (typeof wanted !== "object" || wanted === null) return Object.is(found, wanted);
  if (typeof found !== "object" || found === null) return false;
  if (Array.isArray(wanted) && (!Array.isArray(found) || found.length !== wanted.length)) return false;
  return Object.entries(wanted).every(([key, value]) => isLike(Reflect.get(found, key), value));
}

/** The blame: whatever is told as trouble names a bad plugin, and no other. */
export function misplacedBlame(bad: readonly string[], { lines, heard, attempts }: Evidence): readonly string[] {
  const isBad = (name: unknown): boolean =>
    bad.some((plugin) => name === plugin || String(name).startsWith(`${plugin}/`));
  const trouble = lines.filter(({ level }) => level === "warn" || level === "error");
  return [
    ...trouble
      .filter(({ fields }) => !isBad(fields["plugin"]) && !isBad(fields["middleware"]))
      .map(
        ({ message, fields }) =>
          `the line "${message.slice(0, 200)}" names ${JSON.stringify(fields["plugin"] ?? "nobody")}`,
      ),
    ...heard
      .map(({ name, facts }) => ({ name, facts, blamed: blamedBy(name, facts) }))
      .filter(({ blamed }) => blamed !== undefined && !isBad(blamed))
      .map(({ name, facts, blamed }) => `${name} blames ${String(blamed)}: ${String(facts["error"] ?? "")}`),
    ...attempts
      .filter(
        ({ facts }) => facts["middleware"] !== null && facts["middleware"] !== undefined && !isBad(facts["middleware"]),
      )
      .map(({ action, facts }) => `the attempt of ${action} blames ${String(facts["middleware"])}`),
  ];
}

function blamedBy(name: string, facts: Readonly<Record<string, unknown>>): unknown {
  if (name === "middleware.failed") return facts["middleware"];
  if (name === "listener.failed") return facts["listener"];
  if (name === "plugin.blocked" || name === "plugin.failed") return facts["plugin"];
  if (name === "handler.recorded") return facts["code"] === null ? undefined : facts["plugin"];
  return name === "store.failed" ? "the store" : undefined;
}
