import { createMemoryStore } from "@hookwright/core";
import { storeContract } from "./store-contract.js";

storeContract({
  name: "memory store",
  create: async () => {
    const store = createMemoryStore();
    await store.open();
    return { store, dispose: () => store.close() };
  },
});
