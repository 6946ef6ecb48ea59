import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { isMainThread } from "node:worker_threads";
import type { ValueSurvey } from "@hookwright/core";
import type { DataFolder } from "./data-folder.js";
import type { IssuedToken, TokenRequest } from "./issued-token.js";
import { isRecord, messageOf } from "./outside-values.js";
import type { KeyRotation } from "./secret-keys.js";

/** What a command on its machine may ask of the service. */
export interface MachineCalls {
  /** Makes a token for any organization. */
  issueToken(wanted: TokenRequest): Promise<IssuedToken>;
  /** Seals all stored secrets with a new key. */
  rotateSecretKey(): Promise<KeyRotation>;
  /** How stored secrets are sealed. */
  surveySecrets(): Promise<ValueSurvey>;
}

/** What the service answers to a command on its machine. */
export type MachineAnswer<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "refused"; readonly reason: string };

/** The longest path that a socket may have on Linux is 107 bytes; on macOS 103. */
const longestPath = 103;

const largestRequest = 4_096;

/**
 * Owns a socket in the data folder (0600) for what only the machine's operator may do: make a token for any organization, and
 * change the key of stored secrets. Who may open the socket may read the database beside it, so nothing is given away that was not open before. The road
 * not taken is an administrator's route of the API: it would be one secret away from everybody on the network.
 */
export class MachineSocket {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Listens. Whoever opened the database is alone in the folder, so a socket that lies there is a dead one's.
   *
   * @returns `undefined` where the folder's path is too long for a socket.
   */
  static async open({ socket }: DataFolder, calls: MachineCalls): Promise<MachineSocket | undefined> {
    if (Buffer.byteLength(socket) > longestPath) return undefined;
    rmSync(socket, { force: true });
    const server = createServer((incoming, answer) => void respond({ incoming, answer, calls }));
    await listenForOwner(server, socket);
    chmodSync(socket, 0o600);
    return new MachineSocket(server);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

/** Listens on a path that nobody else may open, from the first moment on. */
export function listenForOwner(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // A worker thread may not set the mask of its process: there, the rights of the folder stand alone for a moment.
    const before = isMainThread ? process.umask(0o077) : undefined;
    try {
      // The socket is made within this call; only its success is told later.
      server.once("error", reject).listen(path, resolve);
    } finally {
      if (before !== undefined) process.umask(before);
    }
  });
}

/**
 * Asks the service that runs on this data folder for a token.
 *
 * @returns `undefined` when none runs there, as all three.
 */
export function requestToken(
  folder: DataFolder,
  wanted: TokenRequest,
): Promise<MachineAnswer<IssuedToken> | undefined> {
  return ask(folder, { method: "POST", path: "/tokens", body: JSON.stringify(wanted) });
}

/** Has the service that runs on this data folder change the key of stored secrets. */
export function requestRotation(folder: DataFolder): Promise<MachineAnswer<KeyRotation> | undefined> {
  return ask(folder, { method: "POST", path: "/secret-key" });
}

/** Asks the service that runs on this data folder how stored secrets are sealed. */
export function requestSurvey(folder: DataFolder): Promise<MachineAnswer<ValueSurvey> | undefined> {
  return ask(folder, { method: "GET", path: "/secrets" });
}

/** Whether a service runs on this data folder. */
export async function isServing(folder: DataFolder): Promise<boolean> {
  return (await call(folder, { method: "GET", path: "/" })) !== undefined;
}

async function ask<Value>(folder: DataFolder, question: Question): Promise<MachineAnswer<Value> | undefined> {
  const answer = await call(folder, question);
  if (answer === undefined) return undefined;
  const body: unknown = JSON.parse(answer.text);
  // The other side is this same file, in the service that holds the folder's lock.
  if (answer.status < 300) return { kind: "done", value: body as Value };
  return { kind: "refused", reason: isRecord(body) ? String(body["detail"]) : `it answered ${answer.status}` };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly calls: MachineCalls;
}

async function respond({ incoming, answer, calls }: Exchange): Promise<void> {
  const finish = (status: number, body: unknown): void => {
    answer.writeHead(status, { "content-type": "application/json", connection: "close" });
    answer.end(JSON.stringify(body));
  };
  try {
    switch (`${incoming.method} ${incoming.url}`) {
      case "GET /":
        return finish(200, {});
      case "GET /secrets":
        return finish(200, await calls.surveySecrets());
      case "POST /secret-key":
        return finish(200, await calls.rotateSecretKey());
      case "POST /tokens": {
        const wanted = readRequest(await readBody(incoming));
        if (wanted !== undefined) return finish(201, await calls.issueToken(wanted));
        return finish(400, { detail: "organization must be a positive whole number, and name a text." });
      }
      default:
        return finish(404, { detail: "the running service is another version and does not know this request." });
    }
  } catch (error) {
    finish(500, { detail: messageOf(error) });
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  let text = "";
  incoming.setEncoding("utf8");
  for await (const piece of incoming) {
    text += piece;
    if (text.length > largestRequest) throw new Error("the request is too large.");
  }
  return text;
}

function readRequest(text: string): TokenRequest | undefined {
  const body: unknown = JSON.parse(text);
  if (!isRecord(body)) return undefined;
  const { organization, name } = body;
  if (typeof name !== "string" || typeof organization !== "number") return undefined;
  return Number.isSafeInteger(organization) && organization > 0 ? { organization, name } : undefined;
}

interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** `undefined` when nobody listens. */
function call({ socket: socketPath }: DataFolder, { method, path, body }: Question): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => {
        text += piece;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    asked.on("error", (error) => (isNobody(error) ? resolve(undefined) : reject(error)));
    asked.end(body);
  });
}

/** No socket, one that nobody listens to, or a path that no socket can have. */
function isNobody(error: Error): boolean {
  return (
    "code" in error && ["ENOENT", "ECONNREFUSED", "ENOTDIR", "EINVAL", "ENAMETOOLONG"].includes(String(error.code))
  );
}
