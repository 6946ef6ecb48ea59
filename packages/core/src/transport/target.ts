import { unescape as percentDecoded } from "node:querystring";

/** Where a URL leads, read once. Holds the URL's credentials: never print it whole. */
export interface Target {
  /** What connections are shared by: `https://receiver.example:8443`. */
  readonly origin: string;
  readonly secure: boolean;
  /** The name or address to dial, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Host and port for a person; without the URL's credentials. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** The `Authorization` that the URL's user and password ask for. */
  readonly authorization: string | undefined;
}

/** User and password of a URL, decoded, and the header that they become. */
export interface UrlCredentials {
  readonly user: string;
  readonly password: string;
  readonly authorization: string;
}

/** As many webhooks as are usually active at once; one takes about 1 kB. */
const capacity = 4_096;

/** Owns the targets that were read last, so that a webhook's URL is parsed once and not at each attempt. */
export class ParsedTargets {
  readonly #targets = new Map<string, Target>();

  /** The target of a URL; a text that says what is wrong when it cannot be requested. */
  read(url: string): Target | string {
    const known = this.#targets.get(url);
    if (known !== undefined) return known;
    const target = parseTarget(url);
    if (typeof target !== "string") this.#keep(url, target);
    return target;
  }

  #keep(url: string, target: Target): void {
    // The oldest goes, not the least recently used: a wrong guess costs one parse, a list in order of use costs every hit.
    for (const [oldest] of this.#targets) {
      if (this.#targets.size < capacity) break;
      this.#targets.delete(oldest);
    }
    this.#targets.set(url, target);
  }
}

function parseTarget(text: string): Target | string {
  const url = URL.parse(text);
  if (url === null) return "the URL cannot be read";
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:") return `the URL's scheme is ${url.protocol.slice(0, -1)}, not http or https`;
  if (url.port === "0") return "the URL's port is 0";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  return {
    origin: url.origin,
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    authority: `${url.hostname}:${port}`,
    path: url.pathname + url.search,
    authorization: credentialsOf(url)?.authorization,
  };
}

// As Python's requests does for Label Studio: user and password of the URL, percent-decoded, become Basic credentials. A percent
// sign that begins no escape stands for itself.
export function credentialsOf({ username, password }: URL): UrlCredentials | undefined {
  if (username === "" && password === "") return undefined;
  const [user, secret] = [percentDecoded(username), percentDecoded(password)];
  const encoded = Buffer.from(`${user}:${secret}`, "utf8").toString("base64");
  return { user, password: secret, authorization: `Basic ${encoded}` };
}
