import type { LookupAddress } from "node:dns";

/** Resolves a host name to all its addresses; calls back once. */
export type Lookup = (
  host: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

type Callback = Parameters<Lookup>[1];

/**
 * Asks for each name once at a time: whoever comes while a question is open gets its answer.
 */
export function sharedLookup(ask: Lookup): Lookup {
  const open = new Map<string, Callback[]>();
  return (host, callback) => {
    const waiting = open.get(host);
    if (waiting !== undefined) {
      waiting.push(callback);
      return;
    }
    const callbacks = [callback];
    open.set(host, callbacks);
    ask(host, (error, addresses) => {
      open.delete(host);
      for (const answer of callbacks) answer(error, addresses);
    });
  };
}
