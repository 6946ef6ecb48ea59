import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Tests run from the sources of every package: no build, and stack traces that name the line that was written.
const conditions = ["@hookwright/source", ...defaultServerConditions];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    // The one thing that is built: a worker thread cannot run from the sources.
    globalSetup: ["packages/plugins/sqlite/build-for-tests.ts"],
    // The last is for whoever tries the guide in a clone.
    include: ["packages/**/src/**/*.test.ts", "docs/examples/*/src/**/*.test.ts", "*.test.ts"],
    typecheck: { enabled: true, include: ["packages/**/src/**/*.test-d.ts"], tsconfig: "tsconfig.type-tests.json" },
    // Generous, for a loaded machine with two cores: a test waits for a state, so a passing one is not slowed.
    testTimeout: 15_000,
    hookTimeout: 30_000,
    benchmark: { include: ["packages/**/src/**/*.bench.ts"] },
    coverage: {
      provider: "v8",
      include: ["packages/**/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.test-d.ts", "**/*.bench.ts"],
    },
  },
});
