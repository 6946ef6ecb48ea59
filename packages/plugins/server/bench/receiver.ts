import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The other side of the benchmarks, in a process of its own. Does with each request what a receiver has to do at least: reads
 * and parses the body, then answers 200 after the number of milliseconds that is its argument. Sends its port to the
 * parent, and ends with it.
 */
const delay = Number(process.argv[2] ?? 0);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { action } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly action: string };
    const answer = (): void => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ received: action }));
    };
    if (delay === 0) answer();
    else setTimeout(answer, delay);
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
