/**
 * How much work one check may be, in steps of two to three nanoseconds: a payload of megabytes passes where its schema is
 * plain, and nothing blocks the event loop for 50 ms. What each thing costs was measured with the schemas of the tests.
 */
const mostSteps = 15_000_000;

/**
 * Owns what one check may still cost. Code that Ajv made, patterns and formats all take from it. A count and no clock: what
 * is refused on a busy machine is refused on an idle one.
 */
export class CheckSteps {
  /** Written by the code that Ajv makes, too. */
  left = 0;

  begin(): void {
    this.left = mostSteps;
  }

  /** @throws StepsExhausted */
  take(steps: number): void {
    this.left -= steps;
    if (this.left < 0) this.giveUp();
  }

  giveUp(): never {
    throw new StepsExhausted(`It takes more than ${mostSteps} steps.`);
  }
}

/** A check that was given up. */
export class StepsExhausted extends Error {}
