import type { Note } from "../delivery/note.js";

/**
 * Notes of what is to be told as an event. A settle writes them in the transaction that it tells of (see
 * {@link DeliveryQueue.settle}), and the append that stores the event takes them away in its own (see `EmitEntry.note`): so each is
 * told exactly once, whoever dies when. What was answered survives a crash. One that could not be told for as long as anything is kept goes
 * unheard, with what it tells of (see {@link AttemptLog.purge}).
 */
export interface NoteLog {
  /** Notes of all organizations with an id greater than `after`, by rising id, at most `limit`. */
  list(after: number, limit: number): Promise<readonly Note[]>;
}
