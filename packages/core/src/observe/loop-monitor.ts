import { type AsyncHook, createHook } from "node:async_hooks";
import { currentPlugin } from "./blame.js";
import { blockLimit, type Watchdog } from "./watchdog.js";

/** How often it looks whether the event loop comes round, in milliseconds. */
const beat = 100;

/** For how long it watches every timer and continuation after a block that nobody was seen to make, in milliseconds. */
const alertTime = 60_000;

/** After an alert that named nobody it rests, longer each time: what blocks may be the application itself, or the machine. */
const firstRest = 60_000;
const longestRest = 3_600_000;

/**
 * Finds those that block the event loop where the watchdog does not stand: in a timer, in an event of a stream, after an
 * `await`. To watch each of these all the time would slow every promise of the process; so it only measures whether the loop
 * comes round in time, and watches them for a minute when it did not and no callback was seen. Thus the first such block has
 * no name, and one that happens again has.
 *
 * It counts on the clock of `performance`: the injected one may stand still while the loop does not.
 */
export class LoopMonitor {
  readonly #watchdog: Watchdog;
  #timer: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #seen = 0;
  #hook: AsyncHook | undefined;
  #until = 0;
  #named = false;
  #rest = firstRest;
  readonly #entered: Entry[] = [];

  constructor(watchdog: Watchdog) {
    this.#watchdog = watchdog;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#beatAt = performance.now();
    this.#seen = this.#watchdog.blockedTime;
    this.#timer = setInterval(() => this.#look(), beat).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#calm();
  }

  #look(): void {
    const now = performance.now();
    const late = now - this.#beatAt - beat;
    const seen = this.#watchdog.blockedTime - this.#seen;
    this.#beatAt = now;
    this.#seen = this.#watchdog.blockedTime;
    if (this.#hook !== undefined) {
      if (now >= this.#until) this.#calm();
    } else if (late - seen >= blockLimit && now >= this.#until) {
      this.#alert(now);
    }
  }

  #alert(now: number): void {
    this.#until = now + alertTime;
    this.#named = false;
    this.#watchdog.isAlert = true;
    this.#hook = createHook({ before: () => this.#before(), after: () => this.#after() }).enable();
  }

  #calm(): void {
    if (this.#hook === undefined) return;
    this.#hook.disable();
    this.#hook = undefined;
    this.#entered.length = 0;
    this.#watchdog.isAlert = false;
    this.#rest = this.#named ? firstRest : Math.min(longestRest, this.#rest * 2);
    this.#until += this.#named ? 0 : this.#rest;
  }

  #before(): void {
    this.#entered.push({ at: performance.now(), seen: this.#watchdog.blockedTime });
  }

  #after(): void {
    const entry = this.#entered.pop();
    if (entry === undefined) return;
    // What the watchdog saw inside has been told of.
    const time = performance.now() - entry.at - (this.#watchdog.blockedTime - entry.seen);
    const owner = currentPlugin();
    if (time < blockLimit || owner === undefined) return;
    this.#named = true;
    this.#watchdog.note({ owner, name: "timer, event or continuation" }, time);
  }
}

interface Entry {
  readonly at: number;
  readonly seen: number;
}
