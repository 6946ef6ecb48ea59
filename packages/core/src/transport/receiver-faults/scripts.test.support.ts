import type { Socket } from "node:net";
import type { RawReceiverOptions } from "../raw-receiver.test.support.js";

/** What a receiver does with a connection, or with a request that came in whole. */
export type Script = (socket: Socket) => void;

/** Says this to each request, and leaves the connection open. */
export const says = (...parts: readonly (string | Buffer)[]): RawReceiverOptions =>
  onRequest((socket) => {
    for (const part of parts) socket.write(part);
  });

/** Says this, and that it has nothing more to say. */
export const saysAndCloses = (bytes = ""): RawReceiverOptions => onRequest((socket) => socket.end(bytes));

/** Says this, and resets the connection once the sender's side has it. */
export const saysAndResets = (bytes: string): RawReceiverOptions =>
  onRequest((socket) => socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy())));

/** Sends each byte as a segment of its own, and a turn of the event loop later the next. */
export const saysByteByByte = (text: string): RawReceiverOptions => onRequest((socket) => drip(socket, text));

/** Says `start`, then `bytes` for ever, a turn of the event loop apart. */
export const drips = (start: string, bytes: string): RawReceiverOptions =>
  onRequest((socket) => {
    socket.write(start);
    dripParts(socket, endless(bytes));
  });

/** Says `start`, then `bytes` for ever, as fast as the sender reads. */
export const floods = (start: string, bytes: string | Buffer): RawReceiverOptions =>
  onRequest((socket) => {
    socket.write(start);
    flood(socket, Buffer.from(bytes));
  });

export function onRequest(script: Script): RawReceiverOptions {
  return { onRequest: script };
}

/** Does this as soon as somebody connects, and reads nothing by itself. */
export function onConnection(script: Script): RawReceiverOptions {
  return { onConnection: script };
}

/** Writes as fast as the other side reads, until it hangs up. */
export function flood(socket: Socket, bytes: Buffer): void {
  const more = (): void => {
    while (socket.writable && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}

/** Each letter a byte and a segment of its own. */
export function drip(socket: Socket, text: string): void {
  dripParts(socket, text[Symbol.iterator]());
}

function dripParts(socket: Socket, parts: Iterator<string>): void {
  const part = parts.next();
  if (part.done === true || !socket.writable) return;
  socket.write(part.value, "latin1", () => setImmediate(() => dripParts(socket, parts)));
}

function* endless(bytes: string): Iterator<string> {
  for (;;) yield bytes;
}
