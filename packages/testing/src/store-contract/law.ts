import type { OpenedStore } from "./opened-store.js";
import type { StoreScene } from "./store-scene.js";

/** One implementation under the contract. */
export interface StoreContractOptions {
  readonly name: string;
  /** Opens a new, empty store; called for every law. */
  create(): Promise<OpenedStore>;
  /** Laws that do not hold here, by title, each with the reason. A title that no law has fails the suite. */
  readonly exempt?: Readonly<Record<string, string>>;
}

/** States one promise as a test of its own, on a fresh store. Titles are unique over the whole contract. */
export type Law = (title: string, run: (scene: StoreScene) => Promise<void>, timeout?: number) => void;

/** For laws that need many stores: makes one, runs, and disposes of it. */
export type OnFreshStore = (run: (scene: StoreScene) => Promise<void>) => Promise<void>;
