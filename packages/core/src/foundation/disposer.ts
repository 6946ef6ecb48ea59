/** Undoes one registration. May be called any number of times; only the first call has an effect. */
export type Disposer = () => void;

/** A disposer that runs `undo` at most once. */
export function disposeOnce(undo: () => void): Disposer {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    undo();
  };
}
