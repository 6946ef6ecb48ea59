import type { Note, NoteLog } from "@hookwright/core";
import type { CallThread } from "../thread/store-thread.js";

/** What is to be told, in the database thread. */
export class ThreadNoteLog implements NoteLog {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async list(after: number, limit: number): Promise<readonly Note[]> {
    return this.#call("listNotes", { after, limit });
  }
}
