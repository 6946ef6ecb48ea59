import { HookwrightError } from "../foundation/hookwright-error.js";
import type { OwnerScope } from "../observe/owner-scope.js";
import type { SecretScheme } from "../secret/secret-scheme.js";
import { secretScheme } from "./secret-scheme-token.js";
import type { Services } from "./services.js";

/**
 * The scheme that a started plugin provides. It is a plugin's code: it is called as such, and what it gives is checked.
 *
 * @throws HookwrightError `secret_scheme_missing`, `plugin_failed` when it gives something that is no text.
 */
export function startedScheme(services: Services, scope: OwnerScope): SecretScheme {
  const provided = services.find(secretScheme);
  if (provided === undefined) {
    throw new HookwrightError(
      "secret_scheme_missing",
      "No started plugin signs, so no secret can be set: add the signing plugin to `plugins`.",
    );
  }
  const { owner } = provided;
  // The token says what its provider hands over.
  const scheme = provided.value as SecretScheme;
  const run = <Result>(code: () => Result): Result => scope.run(owner, "secret scheme", code);
  return {
    name: run(() => String(scheme.name)),
    generate: () => {
      const made: unknown = run(() => scheme.generate());
      if (typeof made !== "string" || made === "") throw notText(owner.name, "generate()");
      return made;
    },
    problem: (secret) => {
      const problem: unknown = run(() => scheme.problem(secret));
      if (problem !== undefined && typeof problem !== "string") throw notText(owner.name, "problem()");
      return problem;
    },
  };
}

/** The header that the started scheme signs with, when it says one. */
export function startedHeader(services: Services): string | undefined {
  // As above.
  const header: unknown = (services.find(secretScheme)?.value as SecretScheme | undefined)?.header;
  return typeof header === "string" ? header : undefined;
}

function notText(plugin: string, call: string): HookwrightError {
  return new HookwrightError("plugin_failed", `Plugin ${plugin}: ${call} of its secret scheme gave no text.`, {
    details: { plugin },
  });
}
