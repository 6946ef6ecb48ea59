/**
 * Says in the words of Python's parser, which clients of Label Studio know, where a text stops being JSON. Unlike V8's own
 * message it repeats nothing of the text, which may hold a secret. For texts that `JSON.parse` refused; not a validator.
 */
export function jsonFault(text: string): string {
  const scanner = new Scanner(text);
  const fault = scanner.scan();
  const before = text.slice(0, fault.index);
  const line = before.split("\n").length;
  return `${fault.text}: line ${line} column ${fault.index - before.lastIndexOf("\n")} (char ${fault.index})`;
}

interface Fault {
  readonly text: string;
  readonly index: number;
}

type Expected = "value" | "first-element" | "first-key" | "key" | "after-value";

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const blank = /[ \t\n\r]*/y;

class Scanner {
  readonly #text: string;
  #index = 0;
  /** The brackets that are open. Kept here and not on the call stack: the nesting is the sender's choice. */
  readonly #open: ("{" | "[")[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): Fault {
    let expected: Expected = "value";
    for (;;) {
      this.#skip(blank);
      const next: Expected | Fault = this.#step(expected);
      if (typeof next === "object") return next;
      expected = next;
    }
  }

  #step(expected: Expected): Expected | Fault {
    const character = this.#text[this.#index];
    switch (expected) {
      case "first-element":
        return character === "]" ? this.#close() : this.#value(character);
      case "value":
        return this.#value(character);
      case "first-key":
        return character === "}" ? this.#close() : this.#key(character);
      case "key":
        return this.#key(character);
      case "after-value":
        return this.#afterValue(character);
      default:
        return expected satisfies never;
    }
  }

  #value(character: string | undefined): Expected | Fault {
    if (character === "{" || character === "[") {
      this.#open.push(character);
      this.#index += 1;
      return character === "{" ? "first-key" : "first-element";
    }
    if (character === '"') return this.#string() ?? "after-value";
    return this.#skip(scalar) ? "after-value" : this.#fault("Expecting value");
  }

  #key(character: string | undefined): Expected | Fault {
    if (character !== '"') return this.#fault("Expecting property name enclosed in double quotes");
    const fault = this.#string();
    if (fault !== undefined) return fault;
    this.#skip(blank);
    if (this.#text[this.#index] !== ":") return this.#fault("Expecting ':' delimiter");
    this.#index += 1;
    return "value";
  }

  #afterValue(character: string | undefined): Expected | Fault {
    const open = this.#open.at(-1);
    if (open === undefined) return this.#fault("Extra data");
    if (character === (open === "{" ? "}" : "]")) return this.#close();
    if (character !== ",") return this.#fault("Expecting ',' delimiter");
    this.#index += 1;
    return open === "{" ? "key" : "value";
  }

  #close(): Expected {
    this.#open.pop();
    this.#index += 1;
    return "after-value";
  }

  #string(): Fault | undefined {
    const start = this.#index;
    for (this.#index += 1; this.#index < this.#text.length; this.#index += 1) {
      const character = this.#text.charAt(this.#index);
      if (character === '"') {
        this.#index += 1;
        return undefined;
      }
      if (character < " ") return this.#fault("Invalid control character at");
      if (character === "\\" && !this.#escape()) return this.#fault("Invalid \\escape");
    }
    return { text: "Unterminated string starting at", index: start };
  }

  /** Goes to the escape's last character. */
  #escape(): boolean {
    const rest = this.#text.slice(this.#index + 1, this.#index + 6);
    const length = /^["\\/bfnrt]/.test(rest) ? 1 : /^u[0-9a-fA-F]{4}/.test(rest) ? 5 : 0;
    this.#index += length;
    return length > 0;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#index;
    const found = pattern.test(this.#text);
    if (found) this.#index = pattern.lastIndex;
    return found;
  }

  #fault(text: string): Fault {
    return { text, index: this.#index };
  }
}
