import { readFileSync, statSync } from "node:fs";

/** Owns what a file of the machine says, and reads it again once it has changed. One that does not exist says nothing. */
export class WatchedFile<Content> {
  readonly #path: string;
  readonly #parse: (text: string) => Content;
  #read: { readonly version: string; readonly content: Content } | undefined;

  constructor(path: string, parse: (text: string) => Content) {
    this.#path = path;
    this.#parse = parse;
  }

  /** Differs whenever the file differs. */
  get version(): string {
    return this.#current().version;
  }

  /** @throws what the file system throws, where the file was never read before. */
  get content(): Content {
    return this.#current().content;
  }

  #current(): { readonly version: string; readonly content: Content } {
    // Looking takes no file descriptor, so that what was read once stays known to a process that has none left.
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const version = stat === undefined ? "" : `${stat.ino}:${stat.size}:${stat.mtimeMs}`;
    if (this.#read?.version === version) return this.#read;
    try {
      this.#read = { version, content: this.#parse(stat === undefined ? "" : readFileSync(this.#path, "utf8")) };
    } catch (error) {
      if (this.#read === undefined) throw error;
    }
    return this.#read;
  }
}
