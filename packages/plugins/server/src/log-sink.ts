import { fstatSync, writeSync } from "node:fs";

/** Where lines of the log go. */
export interface LogSink {
  write(line: string): void;
}

/** The part of a stream that a sink needs. */
export interface LineStream {
  readonly writableLength: number;
  write(line: string): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** Characters that may wait for a reader: enough for a burst, and no more than a large event. */
const mostWaiting = 1_048_576;

const standardError = 2;

/**
 * The standard error of this process. A line is written at once, not gathered: the last ones before a crash are the ones
 * that are needed. Nothing that is wrong with the log stops the service: not a pipe that nobody reads, not one whose reader
 * is gone, not a full disk.
 *
 * @param lossLine - a line that says how many were lost
 */
export function standardErrorSink(lossLine: (lost: number) => string): LogSink {
  // A pipe that is full would hold up a write that waits, and with it every delivery; a file does not.
  return fstatSync(standardError).isFile() ? new FileSink(standardError) : new StreamSink(process.stderr, lossLine);
}

/** Writes to a stream as long as it is read; of what nobody reads it keeps a little, counts the rest, and says so later. */
export class StreamSink implements LogSink {
  readonly #stream: LineStream;
  readonly #lossLine: (lost: number) => string;
  #lost = 0;

  constructor(stream: LineStream, lossLine: (lost: number) => string) {
    this.#stream = stream;
    this.#lossLine = lossLine;
    // A reader that is gone: lines are lost, and the service goes on.
    stream.on("error", () => undefined);
  }

  write(line: string): void {
    if (this.#stream.writableLength + line.length > mostWaiting) {
      this.#lost += 1;
      return;
    }
    if (this.#lost > 0) this.#stream.write(this.#lossLine(this.#lost));
    this.#lost = 0;
    this.#stream.write(line);
  }
}

/** Writes to a file. What does not fit on its disk is lost. */
class FileSink implements LogSink {
  readonly #file: number;

  constructor(file: number) {
    this.#file = file;
  }

  write(line: string): void {
    try {
      writeSync(this.#file, line);
    } catch {
      // There is nowhere to say it.
    }
  }
}
