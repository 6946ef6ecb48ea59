import { maskedValue } from "../foundation/masked-value.js";

/** A secret that a webhook's messages are signed with. Whatever prints, logs or serializes it shows `***`. */
export interface SigningSecret {
  /** The secret itself, as it was set or made; what reads it must keep it to itself. */
  reveal(): string;
}

/** Owns a secret's text, so that only who asks for it by name gets it. */
export class HiddenSecret implements SigningSecret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return maskedValue;
  }

  toJSON(): string {
    return maskedValue;
  }

  /** What `util.inspect` asks for, under a name that every runtime shares. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return maskedValue;
  }
}
