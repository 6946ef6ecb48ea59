import type { Socket } from "node:net";

/** How far a connection has come; the two in the middle are of an egress proxy. */
export type DialPhase = "resolving" | "connecting" | "proxying" | "tunnelling" | "securing" | "open";

/** One connection that is being made, or was. */
export interface Dialing {
  readonly phase: DialPhase;
  /** The one that there is at this moment: a proxy's, then that of the TLS inside of it. */
  readonly socket: Socket | undefined;
  /** Ends it at any phase. Resolves when its socket is closed. */
  destroy(): Promise<void>;
}

/** What a dial reports, once: an open socket, or why there is none. */
export type Dialed = (error: Error | null, socket: Socket | null) => void;

/** Destroys a socket, and resolves when it is closed. */
export async function closeSocket(socket: Socket | undefined): Promise<void> {
  if (socket === undefined || socket.closed) return;
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.destroy();
  });
}

/** For a socket whose failure is nobody's any more. */
export function ignore(): void {}
