import { RE2JS } from "re2js";
import { messageOf } from "../foundation/hookwright-error.js";
import type { CheckSteps } from "./check-steps.js";

/** A regular expression whose time is linear to the text. */
export interface LinearPattern {
  test(text: string): boolean;
  toString(): string;
}

/** What the patterns of one schema may be when they are written out, in characters. More takes noticeable time to compile. */
const longestWrittenOut = 10_000;

/**
 * Owns the compiled patterns of one compiler. With the language's own engine, `^(a|a)*$` on 28 characters stops the process
 * for seconds; RE2's way cannot. Look-around and back references are refused, since they cannot be linear.
 */
export class LinearPatterns {
  readonly #steps: CheckSteps;
  readonly #compiled = new Map<string, LinearPattern>();
  #writtenOut = 0;

  constructor(steps: CheckSteps) {
    this.#steps = steps;
  }

  /** The limit holds for each schema by itself. */
  beginSchema(): void {
    this.#writtenOut = 0;
  }

  /** @throws PatternFault */
  compile = (pattern: string): LinearPattern => {
    const known = this.#compiled.get(pattern);
    if (known !== undefined) return known;
    refuseForeign(pattern);
    this.#writtenOut += writtenOut(pattern);
    if (this.#writtenOut > longestWrittenOut) {
      throw new PatternFault(
        `patterns of at most ${longestWrittenOut} characters in all, with each repetition such as {1,100} written out`,
        "Say how long a text may be with maxLength.",
      );
    }
    const compiled = new CountedPattern(pattern, this.#steps);
    this.#compiled.set(pattern, compiled);
    return compiled;
  };
}

/** Why a pattern cannot be used: what is expected of it, and what to do. */
export class PatternFault extends Error {
  readonly expected: string;
  readonly fix: string;

  constructor(expected: string, fix: string, cause?: unknown) {
    super(expected, { cause });
    this.expected = expected;
    this.fix = fix;
  }
}

/** An upper bound of what a pattern is with its repetitions written out. */
function writtenOut(pattern: string): number {
  const classes = pattern.match(/\\[pP]/g)?.length ?? 0;
  const bare = withoutClasses(pattern);
  const repetitions = [...bare.matchAll(/\{(\d*)(?:,(\d*))?\}/g)].map(([, from, to]) => Number(to || from) || 0);
  // A class such as \p{L} is hundreds of ranges.
  return 100 * classes + bare.length * repetitions.reduce((sum, most) => sum + most, 1);
}

/** Each escape and each class as one character. */
function withoutClasses(pattern: string): string {
  return pattern.replace(/\\[pP]\{[^}]*\}|\\./gs, "x").replace(/\[[^\]]*\]/g, "x");
}

class CountedPattern implements LinearPattern {
  readonly #pattern: string;
  readonly #compiled: RE2JS;
  readonly #steps: CheckSteps;
  readonly #stepsPerCharacter: number;

  constructor(pattern: string, steps: CheckSteps) {
    this.#pattern = pattern;
    this.#compiled = compileLinear(pattern);
    this.#steps = steps;
    this.#stepsPerCharacter = stepsPerCharacter(this.#compiled);
  }

  test(text: string): boolean {
    this.#steps.take(100 + text.length * this.#stepsPerCharacter);
    return this.#compiled.test(text);
  }

  /** Ajv tells two patterns of one schema apart by it. */
  toString(): string {
    return this.#pattern;
  }
}

/** Groups that are neither `(?:…)` nor named. */
const otherGroup = /\(\?(?!:|<[A-Za-z_])/;

function refuseForeign(pattern: string): void {
  if (otherGroup.test(withoutClasses(pattern))) {
    throw new PatternFault(
      "a regular expression without look-ahead, look-behind and flags, which can be checked in linear time",
      "Write (?:…) for a group, and both cases as in [Aa] where they do not matter.",
    );
  }
  // A quotation of RE2 that JSON Schema does not have, and that could hide how large a pattern is.
  if (pattern.includes("\\Q")) throw new PatternFault("a regular expression as in JavaScript", "Leave \\Q out.");
}

function compileLinear(pattern: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch (error) {
    throw new PatternFault(
      "a regular expression as in JavaScript, without back references, which can be checked in linear time",
      `Correct it: ${messageOf(error)}.`,
      error,
    );
  }
}

/** Bytes that the engine may remember of what it saw, per pattern. Its own limit is eight megabytes. */
const rememberedBytes = 65_536;

/** A pattern that never has to follow two ways at once takes the same time for each character; another one, its size. */
function stepsPerCharacter(compiled: RE2JS): number {
  const engine = compiled.re2();
  if (engine.onepass !== null) return 64;
  engine.dfa.stateBudget = rememberedBytes;
  engine.dfa.memBudget = rememberedBytes;
  return 64 + 40 * compiled.programSize();
}
