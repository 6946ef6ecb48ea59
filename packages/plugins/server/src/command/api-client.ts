import { isRecord } from "../outside-values.js";
import { CommandError, type CommandIo, programName } from "./command-io.js";
import { harmlessJson } from "./json-text.js";
import { serviceUrl, tokenOf } from "./service-access.js";

/** Longer than any answer should take; a service that hangs must not hang its command. */
const patience = 60_000;

/** One answer. */
export interface ApiAnswer {
  readonly status: number;
  /** As it came, with every digit: `--json` prints it unchanged. Only what a terminal would obey is escaped, as JSON may have it. */
  readonly text: string;
}

export type QueryValues = Readonly<Record<string, string | number | undefined>>;

interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: QueryValues;
  /** JSON text. */
  readonly body?: string;
}

/** Calls the REST API of a running service. What it refuses becomes one line for the person. */
export class ApiClient {
  readonly #io: CommandIo;
  readonly url: URL;

  /** @throws CommandError when HOOKWRIGHT_URL is no URL. */
  constructor(io: CommandIo) {
    this.#io = io;
    this.url = serviceUrl(io);
  }

  get(path: string, query: QueryValues = {}): Promise<ApiAnswer> {
    return this.call({ method: "GET", path, query });
  }

  post(path: string, body: unknown): Promise<ApiAnswer> {
    return this.call({ method: "POST", path, body: JSON.stringify(body) });
  }

  put(path: string, body: unknown): Promise<ApiAnswer> {
    return this.call({ method: "PUT", path, body: JSON.stringify(body) });
  }

  patch(path: string, body: unknown): Promise<ApiAnswer> {
    return this.call({ method: "PATCH", path, body: JSON.stringify(body) });
  }

  delete(path: string): Promise<ApiAnswer> {
    return this.call({ method: "DELETE", path });
  }

  /** @throws CommandError when there is no token, no service, or the service refuses. */
  async call(request: ApiRequest): Promise<ApiAnswer> {
    const token = tokenOf(this.#io);
    const answer = await this.#fetch(request, { authorization: `Token ${token.value}` });
    if (answer.status < 300) return answer;
    const hint = answer.status === 401 ? ` (the token is from ${token.source})` : "";
    throw new CommandError(`${refusal(answer)}${hint}`);
  }

  /** A route that needs no token, whatever it answers. @throws CommandError when no service is there. */
  probe(path: string): Promise<ApiAnswer> {
    return this.#fetch({ method: "GET", path }, {});
  }

  async #fetch({ method, path, query = {}, body }: ApiRequest, headers: Record<string, string>): Promise<ApiAnswer> {
    const url = new URL(`${this.url.pathname.replace(/\/$/, "")}${path}`, this.url);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, `${value}`);
    try {
      const response = await fetch(url, {
        method,
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        ...(body === undefined ? {} : { body }),
        // A token goes to the address that was named and nowhere else.
        redirect: "manual",
        signal: AbortSignal.timeout(patience),
      });
      return { status: response.status, text: harmlessJson(await response.text()) };
    } catch (error) {
      throw new CommandError(
        `No service answers at ${this.url.origin} (${reasonOf(error)}). Start one with "${startCommand(this.#io)}", or set HOOKWRIGHT_URL to the address of one that runs.`,
        { cause: error },
      );
    }
  }
}

function startCommand({ environment }: CommandIo): string {
  const name = programName(environment);
  return name.startsWith("npm run") ? "npm start" : `${name} start`;
}

/** `fetch` says "fetch failed"; the reason is the cause's. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${patience / 1_000} seconds`;
  const cause = error.cause;
  if (!(cause instanceof Error)) return error.message;
  if (!("code" in cause)) return cause.message;
  return cause.code === "ECONNREFUSED" ? "connection refused" : `${cause.message || "it failed"} (${cause.code})`;
}

/** The API's error envelope as one line. */
function refusal({ status, text }: ApiAnswer): string {
  const body = parsed(text);
  if (!isRecord(body) || typeof body["detail"] !== "string")
    return `The service answered ${status} without the error envelope of Hookwright: is HOOKWRIGHT_URL right?`;
  const problems = flatten(body["validation_errors"], "");
  return problems.length === 0 ? `${body["detail"]} (${status})` : `${problems.join(" ")} (${status})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Texts of any depth, each with the path of its field: `headers: …`, `actions.1: …`. */
function flatten(problems: unknown, path: string): readonly string[] {
  if (typeof problems === "string") return [path === "" ? problems : `${path}: ${problems}`];
  if (Array.isArray(problems)) return problems.flatMap((problem) => flatten(problem, path));
  if (!isRecord(problems)) return [];
  return Object.entries(problems).flatMap(([name, problem]) => {
    const plain = name === "non_field_errors";
    return flatten(problem, plain ? path : path === "" ? name : `${path}.${name}`);
  });
}
