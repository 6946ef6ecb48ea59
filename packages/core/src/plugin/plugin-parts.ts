import { type Disposer, disposeOnce } from "../foundation/disposer.js";
import type { PluginParts } from "./plugin-status.js";

type Kind = keyof PluginParts;

interface Part {
  readonly kind: Kind;
  readonly part: PluginParts[Kind][number];
}

/** Knows what one plugin has added and not taken out again, for whoever asks where it stands. */
export class PartList {
  readonly #parts = new Set<Part>();

  /** The disposer strikes it out again. */
  add<Of extends Kind>(kind: Of, part: PluginParts[Of][number]): Disposer {
    const entry: Part = { kind, part };
    this.#parts.add(entry);
    return disposeOnce(() => this.#parts.delete(entry));
  }

  list(): PluginParts {
    return {
      events: this.#of("events"),
      middlewares: this.#of("middlewares"),
      transforms: this.#of("transforms"),
      listeners: this.#of("listeners"),
      handlers: this.#of("handlers"),
      offers: this.#of("offers"),
      contributes: this.#of("contributes"),
      provides: this.#of("provides"),
      uses: this.#of("uses"),
    };
  }

  #of<Of extends Kind>(kind: Of): PluginParts[Of] {
    const parts = [...this.#parts].filter((entry) => entry.kind === kind).map(({ part }) => part);
    // `add` ties each part's type to its kind.
    return parts as readonly unknown[] as PluginParts[Of];
  }
}
