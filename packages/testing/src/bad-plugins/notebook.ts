import { HookwrightError } from "@hookwright/core";

/** Where a bad plugin's own code writes down what happened to it. */
export class Notebook {
  readonly #notes: string[] = [];
  readonly #caught: HookwrightError[] = [];
  readonly #takeAway: (() => void)[] = [];
  readonly #whenUnloaded: (() => unknown)[] = [];

  note(text: string): void {
    this.#notes.push(text);
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  /** What {@link tried} caught. */
  get caught(): readonly HookwrightError[] {
    return this.#caught;
  }

  /** Takes away what a bad plugin leaves behind, when its case is over. */
  whenOver(takeAway: () => void): void {
    this.#takeAway.push(takeAway);
  }

  close(): void {
    for (const takeAway of this.#takeAway.splice(0)) takeAway();
  }

  /** What a bad plugin's code does when the host has long forgotten it. */
  whenUnloaded(work: () => unknown): void {
    this.#whenUnloaded.push(work);
  }

  async goOn(): Promise<void> {
    for (const work of this.#whenUnloaded.splice(0)) await work();
  }

  /** Does something that is to be refused. An error of another kind is the case's own, and goes on. */
  async tried(work: () => unknown): Promise<void> {
    try {
      await work();
      this.note("nothing was refused");
    } catch (error) {
      if (!(error instanceof HookwrightError)) throw error;
      this.#caught.push(error);
    }
  }
}
