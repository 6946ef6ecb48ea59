import { expect, test } from "vitest";
import { readSecretFile } from "./secret-file.js";

test("of what a person types, one line is read, and what to do is told", async () => {
  const told: string[] = [];
  const stdin = typing("whsec_", "abc\n");
  expect(await readSecretFile("-", { stdin, typed: true, tell: (text) => void told.push(text) })).toBe("whsec_abc");
  expect(told).toEqual(["Paste the secret, then press Enter."]);
});

test("what is piped in is read to its end, and nothing is told", async () => {
  const stdin = (async function* () {
    yield Buffer.from("one\n");
    yield Buffer.from("two\n");
  })();
  const tell = () => expect.unreachable();
  expect(await readSecretFile("-", { stdin, typed: false, tell })).toBe("one\ntwo");
});

/** Whoever asks for more than was typed waits for good. */
async function* typing(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
  await new Promise(() => undefined);
}
