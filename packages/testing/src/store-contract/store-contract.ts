import { describe, expect, test } from "vitest";
import { accessStoreLaws } from "./access-store-laws.js";
import { attemptLogLaws } from "./attempt-log-laws.js";
import { crashLaws } from "./crash-laws.js";
import { deliveryQueueLaws } from "./delivery-queue-laws.js";
import { jobLaws } from "./job-laws.js";
import type { Law, OnFreshStore, StoreContractOptions } from "./law.js";
import { messageLogLaws } from "./message-log-laws.js";
import { noteLaws } from "./note-laws.js";
import { pluginStateLaws } from "./plugin-state-laws.js";
import { randomLaws } from "./random-laws.js";
import { StoreScene } from "./store-scene.js";
import { strainedReceiverLaws } from "./strained-receiver-laws.js";
import { tenantIsolationLaws } from "./tenant-isolation-laws.js";
import { webhookSecretLaws } from "./webhook-secret-laws.js";
import { webhookStoreLaws } from "./webhook-store-laws.js";

const chapters = {
  "accepted messages": messageLogLaws,
  "due deliveries": deliveryQueueLaws,
  "strained receivers": strainedReceiverLaws,
  notes: noteLaws,
  "deliveries and attempts": attemptLogLaws,
  webhooks: webhookStoreLaws,
  "webhooks' secrets": webhookSecretLaws,
  "access tokens": accessStoreLaws,
  "plugins' state and handlers": pluginStateLaws,
  jobs: jobLaws,
  "tenant isolation": tenantIsolationLaws,
  crashes: crashLaws,
  "random lives": randomLaws,
} as const satisfies Record<string, (law: Law, onFreshStore: OnFreshStore) => void>;

/**
 * The law of every store: each promise of each port as one test, on a fresh store. Call it in a test file of the package
 * that has the store.
 *
 * @example
 * ```ts
 * import { createMemoryStore } from "@hookwright/core";
 * import { storeContract } from "@hookwright/testing";
 *
 * storeContract({
 *   name: "memory store",
 *   create: async () => {
 *     const store = createMemoryStore();
 *     await store.open();
 *     return { store, dispose: () => store.close() };
 *   },
 * });
 * ```
 */
export function storeContract(options: StoreContractOptions): void {
  const exempt = options.exempt ?? {};
  const titles = new Set<string>();
  const onFreshStore: OnFreshStore = (run) => runOnFreshStore(options, run);
  const law: Law = (title, run, timeout) => {
    if (titles.has(title)) throw new Error(`Two laws of the store contract have the title ${JSON.stringify(title)}.`);
    titles.add(title);
    const reason = exempt[title];
    if (reason === undefined) test(title, () => onFreshStore(run), timeout);
    // One that it keeps after all needs no exemption.
    else test.fails(`${title} (exempt: ${reason})`, () => onFreshStore(run), timeout);
  };

  describe(`store contract: ${options.name}`, () => {
    for (const [chapter, laws] of Object.entries(chapters)) describe(chapter, () => laws(law, onFreshStore));

    test("every exemption names a law and gives its reason", () => {
      expect(Object.keys(exempt).filter((title) => !titles.has(title))).toEqual([]);
      expect(Object.entries(exempt).filter(([, reason]) => reason.trim() === "")).toEqual([]);
    });
  });
}

async function runOnFreshStore(
  options: StoreContractOptions,
  run: (scene: StoreScene) => Promise<void>,
): Promise<void> {
  const opened = await options.create();
  try {
    await run(new StoreScene(opened));
  } finally {
    await opened.dispose();
  }
}
