import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { DataFolder } from "./data-folder.js";
import type { IssuedToken, TokenRequest } from "./issued-token.js";
import { isRecord, messageOf } from "./outside-values.js";

/** How the service makes the token that was asked for. */
export type IssueToken = (wanted: TokenRequest) => Promise<IssuedToken>;

/** What the service answers to a command on its machine. */
export type TokenAnswer =
  | { readonly kind: "issued"; readonly token: IssuedToken }
  | { readonly kind: "refused"; readonly reason: string };

/** The longest path that a socket may have on Linux is 107 bytes; on macOS 103. */
const longestPath = 103;

const largestRequest = 4_096;

/**
 * Owns a socket in the data folder (0600) for what only the machine's operator may do: make a token for any organization.
 * Who may open the socket may read the database beside it, so nothing is given away that was not open before. The road
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
  static async open({ socket }: DataFolder, issue: IssueToken): Promise<MachineSocket | undefined> {
    if (Buffer.byteLength(socket) > longestPath) return undefined;
    rmSync(socket, { force: true });
    const server = createServer((incoming, answer) => void respond({ incoming, answer, issue }));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
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

/**
 * Asks the service that runs on this data folder for a token.
 *
 * @returns `undefined` when none runs there.
 */
export async function requestToken(folder: DataFolder, wanted: TokenRequest): Promise<TokenAnswer | undefined> {
  const answer = await call(folder, { method: "POST", body: JSON.stringify(wanted) });
  if (answer === undefined) return undefined;
  const body: unknown = JSON.parse(answer.text);
  // The other side is this same file, in the service that holds the folder's lock.
  if (answer.status === 201) return { kind: "issued", token: body as IssuedToken };
  return { kind: "refused", reason: isRecord(body) ? String(body["detail"]) : `it answered ${answer.status}` };
}

/** Whether a service runs on this data folder. */
export async function isServing(folder: DataFolder): Promise<boolean> {
  return (await call(folder, { method: "GET" })) !== undefined;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly issue: IssueToken;
}

async function respond({ incoming, answer, issue }: Exchange): Promise<void> {
  const finish = (status: number, body: unknown): void => {
    answer.writeHead(status, { "content-type": "application/json", connection: "close" });
    answer.end(JSON.stringify(body));
  };
  if (incoming.method === "GET") return finish(200, {});
  try {
    const wanted = readRequest(await readBody(incoming));
    if (wanted === undefined) finish(400, { detail: "organization must be a positive whole number, and name a text." });
    else finish(201, await issue(wanted));
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

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** `undefined` when nobody listens. */
function call(
  { socket: socketPath }: DataFolder,
  { method, body }: { readonly method: "GET" | "POST"; readonly body?: string },
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path: "/tokens" }, (response) => {
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
