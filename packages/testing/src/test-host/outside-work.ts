/** Kinds that are there without any work under way: listening servers, this loop's own turns, the channels to the test runner. */
const idleKinds: ReadonlySet<string> = new Set(["TCPServerWrap", "PipeServerWrap", "Immediate", "PipeWrap", "TTYWrap"]);

/** Knows whether this process waits for something that only real time brings: a socket, a file, a timer of Node's. */
export class OutsideWork {
  readonly #before = countByKind();

  /** Whether there is more of any kind than when this object was made. */
  get isUnderWay(): boolean {
    for (const [kind, count] of countByKind()) if (count > (this.#before.get(kind) ?? 0)) return true;
    return false;
  }
}

function countByKind(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (!idleKinds.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
