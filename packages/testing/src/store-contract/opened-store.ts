import type { Store } from "@hookwright/core";

/** A store that was made for one law. */
export interface OpenedStore {
  /** Empty and open. */
  readonly store: Store;
  /** For durable stores: ends the store as a crash would and opens its data again. Each call returns the store to go on with. */
  readonly reopen?: () => Promise<Store>;
  /** Closes whatever is open and removes the data. */
  dispose(): Promise<void>;
}
