import fc from "fast-check";
import { expect, test } from "vitest";
import { componentName } from "./component-names.js";

const action = fc.stringMatching(/^[A-Za-z][-:_.23ADx]{0,12}$/);

// A failure prints its seed.
test("two actions never fall together, and each name is one that a document allows", () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 2, maxLength: 20 }), (actions) => {
      const names = new Set(actions.map(componentName));
      expect(names.size).toBe(new Set(actions).size);
      for (const name of names) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
    }),
    { numRuns: 300, examples: [[["tree::x", "tree-3A:x", "tree:-3Ax", "_tree"]]] },
  );
});
