import type { Socket } from "node:net";
import { Client, type Dispatcher } from "undici";
import type { Dialer } from "./dialer.js";
import type { Dialing, DialPhase } from "./dialing.js";
import type { Target } from "./target.js";

/** Milliseconds that an idle connection is kept. */
export interface KeepAlive {
  /** When the receiver says nothing. */
  readonly usual: number;
  /** At most, whatever the receiver asks for. */
  readonly longest: number;
}

/** Who uses a connection. */
export interface ConnectionUser {
  /** More of an answer has come, of whatever kind; `false`: it is not wanted, and the connection has been given back. */
  mayParse(slice: Uint8Array): boolean;
  /** The service stops. */
  interrupt(): void;
}

export interface ConnectionOptions {
  readonly dialer: Dialer;
  readonly keepAlive: KeepAlive;
  /** The connection was lost, or its time was over. */
  readonly onLost: (connection: Connection) => void;
}

/** The largest head of an answer that is read: its names and values. */
const maxHeaderSize = 16_384;

/** Parsed at once: as much as nearly every answer has, and little enough that the worst of it takes 3 ms. */
export const sliceLength = 4_096;

/**
 * One connection to one origin, used by one exchange at a time. Owns its undici client and its socket, also while the socket is
 * being made. undici makes the socket anew when it finds an idle one closed before anything was written to it.
 */
export class Connection {
  readonly origin: string;
  /** Who uses it now; `undefined` while it is idle. */
  user: ConnectionUser | undefined;
  readonly #client: Client;
  #dialing: Dialing | undefined;
  /** Requests that were written to the socket that is there now. */
  #written = 0;
  /** How many of them before it was taken into use. */
  #writtenBefore = 0;
  /** Bytes that the socket had given before the request that is under way. */
  #readBefore = 0;

  constructor(target: Target, { dialer, keepAlive, onLost }: ConnectionOptions) {
    this.origin = target.origin;
    this.#client = new Client(target.origin, {
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: keepAlive.usual,
      keepAliveMaxTimeout: keepAlive.longest,
      maxHeaderSize,
      // The exchange has one deadline over everything. undici's own timers tick in steps and are reset by every byte.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_, done) => {
        this.#written = 0;
        this.#writtenBefore = 0;
        this.#readBefore = 0;
        this.#dialing = dialer.dial(target, (error, socket) => {
          if (error !== null) return done(error, null);
          if (socket === null) return;
          // What came before was of a handshake, or of a proxy.
          this.#readBefore = socket.bytesRead;
          // What comes while nobody uses the connection is undici's to refuse.
          readInSlices(socket, (slice) => this.user?.mayParse(slice) ?? true);
          done(null, socket);
        });
      },
    });
    this.#client.on("disconnect", () => onLost(this));
  }

  /** How far the connection has come. */
  get phase(): DialPhase {
    return this.#dialing?.phase ?? "resolving";
  }

  /** Whether a next request would leave at once: not behind a body that the receiver answered without reading it. */
  get reusable(): boolean {
    const socket = this.#dialing?.socket;
    return socket !== undefined && !socket.destroyed && socket.writableLength === 0;
  }

  /** Sends one request. The handler hears of everything, a request that undici refuses included. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  /** To be called when somebody takes the connection into use. */
  noteTaken(): void {
    this.#writtenBefore = this.#written;
    this.#readBefore = this.#bytesRead;
  }

  /** To be called when the request is written, which undici does once the socket has proved to be open. */
  noteWritten(): void {
    this.#written += 1;
  }

  /** Whether the socket carried requests before it was taken into use. */
  get reused(): boolean {
    return this.#writtenBefore > 0;
  }

  /** Whether no byte of an answer has come to the request that is under way. */
  get silent(): boolean {
    return this.#bytesRead === this.#readBefore;
  }

  get #bytesRead(): number {
    return this.#dialing?.socket?.bytesRead ?? 0;
  }

  /** Ends the connection at any phase, and whatever is under way on it. Resolves when its socket is closed. */
  async destroy(): Promise<void> {
    // The client first: it must not take the end of its socket for a reason to make another.
    await Promise.all([this.#client.destroy(), this.#dialing?.destroy()]);
  }
}

/**
 * undici parses at once whatever one read gives it, 64 kB as a rule, and cannot be stopped in the middle: thousands of tiny headers
 * would block the process for 40 ms. So it gets slices, and each is asked for.
 */
function readInSlices(socket: Socket, mayParse: (slice: Uint8Array) => boolean): void {
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    // Streams read nothing, with 0, to have more fetched.
    if (size !== undefined) return read(size);
    const slice: unknown = socket.readableLength > sliceLength ? read(sliceLength) : read();
    return slice instanceof Uint8Array && !mayParse(slice) ? null : slice;
  };
}
