import { distance } from "fastest-levenshtein";

/** Longer names are cut: nobody mistypes so much, and the work grows with the square. */
const longestCompared = 128;

/** The known name that is most like `name`, whatever the case; `undefined` when none is like it. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.slice(0, longestCompared).toUpperCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(wanted.length / 2)) + 1;
  for (const candidate of known) {
    const found = distance(wanted, candidate.toUpperCase());
    if (found < bestDistance) {
      bestDistance = found;
      best = candidate;
    }
  }
  return best;
}
