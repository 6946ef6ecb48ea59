import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Verifier } from "@hookwright/plugin-signing";
import type { Command } from "commander";
import { isRecord, messageOf } from "../outside-values.js";
import { CommandError, type CommandIo, programName, UsageError } from "./command-io.js";
import { harmlessJson, reformatJson } from "./json-text.js";
import { collect, finish, type JsonOption, positive } from "./options.js";
import { readSecretFile } from "./secret-file.js";
import { printable } from "./table.js";

interface ListenOptions extends JsonOption {
  readonly port: string;
  readonly status: string;
  readonly once?: true;
  readonly count?: string;
  readonly secret?: readonly string[];
  readonly secretFile?: string;
}

/** Of a request that should be signed: whether it is what it says, and the first reason why not. */
interface Verdict {
  readonly verified: boolean;
  readonly code: string | null;
  readonly reason: string | null;
}

/** One request, and what is thought of it where there is a secret. */
interface Received {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly verdict: Verdict | undefined;
}

/** Bytes: three times what a service takes as an event unless it is set otherwise. */
const largestBody = 32 * 1_048_576;

/** Headers whose values are no secrets: the ones that a delivery itself sets. */
const openHeaders = /^(?:webhook-.*|content-type|content-length|user-agent|host)$/;

/** `listen`: a receiver on this machine that shows what arrives. */
export function addListen(program: Command, io: CommandIo): void {
  const command = program
    .command("listen")
    .description("Receive webhooks on this machine and show them. The first line is the URL to send to.")
    .option("--port <number>", "port to listen on; 0 picks a free one", "0")
    .option("--status <number>", "status to answer with", "200")
    .option("--once", "exit after the first request")
    .option("--count <number>", "exit after so many requests")
    .option(
      "--secret <secret>",
      "check signatures with it; may be repeated. Other users of the machine can see it",
      collect,
    )
    .option("--secret-file <file>", "the same, with the secrets in a file, - for standard input")
    .action((options: ListenOptions) => listen(options, io));
  finish(command, "listen --port 9000", "listen --once --json", "listen --secret-file secret.txt");
}

async function listen(options: ListenOptions, io: CommandIo): Promise<void> {
  const status = between(options.status, { name: "--status", lowest: 200, highest: 599 });
  const port = between(options.port, { name: "--port", lowest: 0, highest: 65_535 });
  const wanted = options.once
    ? 1
    : options.count === undefined
      ? Number.POSITIVE_INFINITY
      : positive(options.count, "--count");
  const show = options.json ? asLine : asText;
  const verifier = await verifierOf(options, io);
  let received = 0;

  const server = createServer((request, answer) => {
    void receive(request, answer).catch((error: unknown) => io.tell(`A request broke off: ${messageOf(error)}`));
  });
  const closed = new Promise<void>((resolve) => server.on("close", resolve));
  const close = (): void => {
    server.close();
    server.closeIdleConnections();
  };

  async function receive(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) {
      answer.writeHead(413, { connection: "close" }).end();
      return io.tell("A request was refused with 413: its body is larger than 32 MB.");
    }
    received += 1;
    // The last answer tells the sender to let go of its connection, so that this program can end.
    answer.writeHead(status, received >= wanted ? { connection: "close" } : {}).end();
    const verdict = verifier === undefined ? undefined : verdictOf(verifier, request, body);
    io.print(show({ request, body: body.toString(), verdict }));
    if (received === wanted) close();
  }

  await opened(server, port);
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}/`;
  io.print(options.json ? JSON.stringify({ url }) : introduction(url, io));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      close();
      server.closeAllConnections();
    });
  }
  await closed;
}

/** `undefined` when it is larger than what is kept of one; what is left of it is read and forgotten, so that the sender gets to see the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    length += piece.length;
    if (length <= largestBody) pieces.push(piece);
    else pieces.length = 0;
  }
  return length <= largestBody ? Buffer.concat(pieces, length) : undefined;
}

/** @throws UsageError for a secret that cannot be read, which it does not repeat. */
async function verifierOf(options: ListenOptions, io: CommandIo): Promise<Verifier | undefined> {
  const { secret: given = [], secretFile } = options;
  const text = secretFile === undefined ? "" : await readSecretFile(secretFile, io);
  const secrets = [...given, ...text.split(/\s+/).filter((word) => word !== "")];
  if (secrets.length === 0 && secretFile === undefined) return undefined;
  // Loaded for who needs it: core comes along, and every other command does without.
  const { createVerifier } = await import("@hookwright/plugin-signing");
  try {
    return createVerifier({ secrets });
  } catch (error) {
    throw new UsageError(`${secretFile === undefined ? "--secret" : "--secret-file"}: ${messageOf(error)}`);
  }
}

function verdictOf(verifier: Verifier, request: IncomingMessage, body: Uint8Array): Verdict {
  try {
    verifier.verify(body, request.headers);
    return { verified: true, code: null, reason: null };
  } catch (error) {
    return { verified: false, code: String(Object(error).code), reason: messageOf(error) };
  }
}

function opened(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new CommandError(`Cannot listen on 127.0.0.1:${port}: ${messageOf(error)}. Name another --port, or 0.`)),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
}

function introduction(url: string, { environment }: CommandIo): string {
  return [
    url,
    `Waiting for requests until Ctrl-C. To have events sent here, in another terminal:`,
    `  ${programName(environment)} webhooks add ${url} --project 1`,
  ].join("\n");
}

/** One request for a person. */
function asText({ request, body, verdict }: Received): string {
  const facts = [`${request.method} ${request.url}`, actionOf(body), header(request, "webhook-id")];
  return `\n${facts
    .filter((fact) => fact !== undefined)
    .map(printable)
    .join("  ")}\n${verdictLine(verdict)}${prettyBody(body)}`;
}

function verdictLine(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "";
  return verdict.verified
    ? "Signature verified.\n"
    : `NOT VERIFIED (${verdict.code}): ${printable(verdict.reason ?? "")}\n`;
}

/** One request as one line of JSON. Values of headers that may be secrets are hidden. */
function asLine({ request, body, verdict }: Received): string {
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    openHeaders.test(name) ? value : "***",
  ]);
  const head = JSON.stringify({
    method: request.method,
    path: request.url,
    action: actionOf(body) ?? null,
    message: header(request, "webhook-id") ?? null,
    ...verdict,
    headers: Object.fromEntries(headers),
  });
  return `${harmlessJson(head).slice(0, -1)},"body":${lineBody(body)}}`;
}

function prettyBody(body: string): string {
  try {
    return reformatJson(body, 2);
  } catch {
    return body === "" ? "(no body)" : body.split("\n").map(printable).join("\n");
  }
}

/** The body itself where it is JSON, so that a program reads it with the rest; a text else. */
function lineBody(body: string): string {
  try {
    return reformatJson(body, 0);
  } catch {
    return harmlessJson(JSON.stringify(body));
  }
}

function actionOf(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) && typeof parsed["action"] === "string" ? parsed["action"] : undefined;
  } catch {
    return undefined;
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

function between(
  value: string,
  { name, lowest, highest }: { readonly name: string; readonly lowest: number; readonly highest: number },
): number {
  const number = /^\d{1,5}$/.test(value) ? Number(value) : -1;
  if (number >= lowest && number <= highest) return number;
  throw new UsageError(`${name} must be a whole number from ${lowest} to ${highest}, found ${JSON.stringify(value)}.`);
}
