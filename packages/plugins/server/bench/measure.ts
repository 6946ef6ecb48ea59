/** Operations a second over one run of `count` operations. */
export async function rate(count: number, run: (count: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  await run(count);
  return (count * 1000) / (performance.now() - begun);
}

/** Runs `work` until it was called `count` times, `width` at once. */
export async function atOnce(width: number, count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One line of the report: what was measured, the figure, and the goal that it is held against. */
export function report(name: string, figure: string, goal: string): void {
  console.log(`${name.padEnd(52)} ${figure.padEnd(34)} ${goal}`);
}
