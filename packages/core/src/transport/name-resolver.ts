import { type LookupAddress, lookup } from "node:dns";

/** Resolves a host name to all its addresses; calls back once. */
export type Lookup = (
  host: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

type Callback = Parameters<Lookup>[1];

/** The machine's own resolver: hosts file, search domains and DNS, as any other program there sees names. */
export const systemLookup: Lookup = (host, callback) => {
  lookup(host, { all: true }, (error, addresses) => callback(error, addresses ?? []));
};

/**
 * Asks for each name once at a time: whoever comes while a question is open gets its answer. The system resolver has four
 * threads for the whole process, and a name whose servers do not answer holds one for seconds, so that every further
 * question for it would hold up all other receivers. Answers are not kept: what was checked is what is dialled, at each attempt.
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
