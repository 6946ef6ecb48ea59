import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

// As many receivers as its argument says, each on a port of its own, in a process of its own. All are well, until the parent sends what some of
// them are to do instead: `{ "3": "hangs" }`. Sends its ports to the parent, and ends with it.

/** What a receiver does instead of answering as it should. */
export type Misbehaviour =
  | "hangs"
  | "endless"
  | "drips"
  | "announces"
  | "tiny-chunks"
  | "large-head"
  | "many-headers"
  | "never-reads"
  | "resets";

const well = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const block = Buffer.alloc(65_536, "x");
const announcements = Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n".repeat(1_000));

const manyHeaders = Buffer.from(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(10_000)}\r\n`);
const tinyChunks = Buffer.from("1\r\nx\r\n".repeat(10_000));

const scripts: Readonly<Record<Misbehaviour, (socket: Socket) => void>> = {
  hangs: () => {},
  "many-headers": (socket) => socket.write(manyHeaders),
  "never-reads": (socket) => socket.pause(),
  resets: (socket) => socket.resetAndDestroy(),
  endless: (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    flood(socket, block);
  },
  announces: (socket) => flood(socket, announcements),
  "tiny-chunks": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    flood(socket, tinyChunks);
  },
  "large-head": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx: ");
    flood(socket, block);
  },
  drips: (socket) => {
    socket.write("HTTP/1.1 500 X\r\ncontent-length: 9999\r\n\r\n");
    const timer = setInterval(() => socket.write("x"), 50);
    socket.on("close", () => clearInterval(timer));
  },
};

function flood(socket: Socket, bytes: Buffer): void {
  const more = (): void => {
    while (socket.writable && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}

let misbehaving: Readonly<Record<string, Misbehaviour>> = {};

function serve(socket: Socket, index: number): void {
  let pending = "";
  socket.setNoDelay(true).on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    pending += chunk.toString("latin1");
    for (let end = endOfRequest(pending); end > 0; end = endOfRequest(pending)) {
      pending = pending.slice(end);
      const kind = misbehaving[index];
      if (kind === undefined) socket.write(well);
      else scripts[kind](socket);
    }
  });
}

function endOfRequest(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const end = head + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
  return end <= text.length ? end : 0;
}

async function listen(index: number): Promise<number> {
  const server: Server = createServer((socket) => serve(socket, index));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

const count = Number(process.argv[2] ?? 1);
const ports = await Promise.all(Array.from({ length: count }, (_, index) => listen(index)));
process.on("message", (message) => {
  misbehaving = message as typeof misbehaving;
  process.send?.("heard");
});
process.on("disconnect", () => process.exit());
process.send?.(ports);
