import type { Note } from "../delivery/note.js";
import type { NoteLog } from "./note-log.js";

/** Owns the notes of the memory store. */
export class MemoryNotes implements NoteLog {
  /** By rising id, since ids rise. */
  readonly #notes = new Map<number, Note>();
  #lastId = 0;

  async list(after: number, limit: number): Promise<readonly Note[]> {
    const found: Note[] = [];
    for (const note of this.#notes.values()) {
      if (found.length >= limit) break;
      if (note.id > after) found.push(note);
    }
    return found;
  }

  write(note: Omit<Note, "id">): void {
    this.#lastId += 1;
    this.#notes.set(this.#lastId, { ...note, id: this.#lastId });
  }

  has(id: number): boolean {
    return this.#notes.has(id);
  }

  take(id: number): void {
    this.#notes.delete(id);
  }

  /** They stand in the order in which they came: an old one behind a young one, because a clock was set back, goes when that does. */
  forget(before: number): void {
    for (const { id, at } of this.#notes.values()) {
      if (at >= before) return;
      this.#notes.delete(id);
    }
  }
}
