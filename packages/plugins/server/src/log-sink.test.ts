import { expect, test } from "vitest";
import { StreamSink } from "./log-sink.js";

/** A pipe that can be left unread. */
class Pipe {
  readonly written: string[] = [];
  isRead = true;
  writableLength = 0;

  write(line: string): void {
    this.written.push(line);
    if (!this.isRead) this.writableLength += line.length;
  }

  drain(): void {
    this.isRead = true;
    this.writableLength = 0;
  }

  on(): void {}
}

test("of what nobody reads a megabyte is kept; the rest is counted, and told once somebody reads again", () => {
  const pipe = new Pipe();
  const sink = new StreamSink(pipe, (lost) => `${lost} lost\n`);
  const line = `${"x".repeat(1_023)}\n`;
  pipe.isRead = false;
  for (let count = 0; count < 5_000; count += 1) sink.write(line);
  expect(pipe.written).toHaveLength(1_024);
  pipe.drain();
  sink.write("again\n");
  expect(pipe.written.slice(1_024)).toEqual([`${5_000 - 1_024} lost\n`, "again\n"]);
  sink.write("more\n");
  expect(pipe.written.slice(1_026)).toEqual(["more\n"]);
});
