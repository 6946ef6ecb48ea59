import { HookwrightError } from "../foundation/hookwright-error.js";

/** The proxy that all deliveries leave through. Holds its password: nothing here is ever printed but `authority`. */
export interface EgressProxy {
  /** Whether the way to the proxy itself is TLS. */
  readonly secure: boolean;
  /** Name or address to dial, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Host and port for a person. */
  readonly authority: string;
  /** `Proxy-Authorization`, where the proxy asks for a user. */
  readonly authorization: string | undefined;
}

/**
 * Reads the value of HOOKWRIGHT_EGRESS_PROXY, `http://[user:password@]host:port`; `undefined` for an empty one.
 *
 * @throws HookwrightError `configuration_invalid`, without the value: it may hold a password.
 */
export function parseEgressProxy(text: string): EgressProxy | undefined {
  if (text === "") return undefined;
  const url = URL.parse(text);
  const isProxy = url !== null && /^https?:$/.test(url.protocol) && url.port !== "0";
  if (!isProxy || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new HookwrightError(
      "configuration_invalid",
      "HOOKWRIGHT_EGRESS_PROXY must be http://host:port or https://host:port, with user:password@ before the host where the proxy asks for them.",
    );
  }
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    authority: `${url.hostname}:${port}`,
    authorization: authorizationOf(url),
  };
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`, "utf8").toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HookwrightError(
      "configuration_invalid",
      "HOOKWRIGHT_EGRESS_PROXY has a percent sign in its user or password that begins no escape; write %25 for the sign itself.",
    );
  }
}
