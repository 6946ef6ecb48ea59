import { describe, expect, test } from "vitest";
import { middlewareLaws } from "./middleware-laws.js";
import { type MiddlewareContractOptions, openScene } from "./middleware-scene.js";

/**
 * The law of every middleware: each promise that the other layers and the record of attempts rely on, as one test on requests as the
 * pipeline makes them. Call it in a test file of the plugin. A middleware that breaks one on purpose, such as one that answers by
 * itself, says so in `exempt`.
 *
 * @example
 * ```ts
 * import { middlewareContract } from "@hookwright/testing";
 *
 * middlewareContract({
 *   name: "region header",
 *   create: () => (request, next) => next(request.withHeader("x-region", "eu")),
 * });
 * ```
 */
export function middlewareContract(options: MiddlewareContractOptions): void {
  const exempt = options.exempt ?? {};

  describe(`middleware contract: ${options.name}`, () => {
    for (const { title, run } of middlewareLaws) {
      const reason = exempt[title];
      const keeps = async (): Promise<void> => run(await openScene(options));
      if (reason === undefined) test(title, keeps);
      // One that it keeps after all needs no exemption.
      else test.fails(`${title} (exempt: ${reason})`, keeps);
    }

    test("every exemption names a law and gives its reason", () => {
      const titles = new Set(middlewareLaws.map(({ title }) => title));
      expect(Object.keys(exempt).filter((title) => !titles.has(title))).toEqual([]);
      expect(Object.entries(exempt).filter(([, reason]) => reason.trim() === "")).toEqual([]);
    });
  });
}
