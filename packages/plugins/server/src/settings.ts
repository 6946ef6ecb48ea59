import { resolve } from "node:path";
import { type ConfiguredPlugin, HookwrightError, type Settings } from "@hookwright/core";
import { isDnsName, machineName, readClientCertificate } from "@hookwright/core/internal";
import { defaultFolder } from "./data-folder.js";
import { parseSecretKeys } from "./secret-keys.js";
import {
  oneOf,
  type Reader,
  readAllowTargets,
  readBoolean,
  readCertificateFile,
  readDuration,
  readEgressProxy,
  readFolder,
  readHost,
  readNameServers,
  readPemFile,
  readRetrySchedule,
  readSeconds,
  readSize,
  readToken,
  wholeNumber,
} from "./setting-readers.js";

/** A setting by the name of its environment variable; a configuration file uses the same names. */
export type SettingName =
  | "HOOKWRIGHT_HOST"
  | "HOOKWRIGHT_PORT"
  | "HOOKWRIGHT_DATA"
  | "HOOKWRIGHT_DATABASE_URL"
  | "HOOKWRIGHT_ROLE"
  | "HOOKWRIGHT_TOKEN"
  | "HOOKWRIGHT_SECRET_KEY"
  | "HOOKWRIGHT_ALLOW_TARGETS"
  | "HOOKWRIGHT_ORIGIN"
  | "HOOKWRIGHT_EGRESS_PROXY"
  | "HOOKWRIGHT_NAME_SERVERS"
  | "HOOKWRIGHT_CA_FILE"
  | "HOOKWRIGHT_CLIENT_CERT"
  | "HOOKWRIGHT_CLIENT_KEY"
  | "HOOKWRIGHT_MAX_BODY"
  | "HOOKWRIGHT_STOP_TIMEOUT"
  | "HOOKWRIGHT_PLUGIN_FAILURE"
  | "WEBHOOK_TIMEOUT"
  | "WEBHOOK_RETRY_SCHEDULE"
  | "WEBHOOK_MAX_CONSECUTIVE_FAILURES"
  | "WEBHOOK_BATCH_SIZE"
  | "WEBHOOK_RETENTION"
  | "LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS"
  | "LOG_LEVEL"
  | "LOG_FORMAT";

/** What a configuration file may say of one setting: what the environment would, or the number or boolean itself. */
export type SettingValue = string | number | boolean;

/** Everything that a service is made from. */
export interface ServiceSettings {
  /** Address or host name to listen on. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** The first access token; `undefined`: one is generated into the data folder. */
  readonly token: string | undefined;
  /** What stored secrets are sealed with, newest first; `undefined`: a key is generated into the data folder. */
  readonly secretKeys: readonly string[] | undefined;
  /** Bytes of the largest request body. */
  readonly maxBody: number;
  /** Milliseconds that a stop waits for what is in flight. */
  readonly stopTimeout: number;
  /** Lines below it are not written. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** For a person, or one JSON object a line. */
  readonly logFormat: "pretty" | "json";
  /** In the order in which they are started. */
  readonly plugins: readonly ConfiguredPlugin[];
  /** What core is set to. */
  readonly hooks: Partial<Settings>;
}

/** Where settings come from; the environment wins. */
export interface SettingSources {
  /** Usually `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A configuration file's settings, and its name for messages. */
  readonly file?: { readonly name: string; readonly values: { readonly [Name in SettingName]?: SettingValue } };
  /** Plugins that were loaded; none unless given. */
  readonly plugins?: readonly ConfiguredPlugin[];
  /** Whether a person reads the log; decides the default of LOG_FORMAT. */
  readonly terminal: boolean;
}

interface Setting<Value> {
  readonly fallback: Value;
  /** What the message says after "must be". */
  readonly forms: string;
  readonly read: Reader<Value>;
  /** Another variable with the same meaning; the first one wins. */
  readonly alias?: string;
  /** An empty text is a value here; everywhere else it counts as absent. */
  readonly emptyIsValue?: true;
  /** Its value is shown in no message. */
  readonly secret?: true;
}

const day = 86_400_000;

/** The one table of settings. */
const table = {
  HOOKWRIGHT_HOST: setting({
    fallback: "127.0.0.1",
    forms: "an address or a host name such as 127.0.0.1, 0.0.0.0, :: or localhost",
    read: readHost,
  }),
  HOOKWRIGHT_PORT: setting({
    fallback: 8080,
    forms: "a whole number from 0 to 65535, where 0 picks a free port",
    read: wholeNumber(0, 65_535),
    alias: "PORT",
  }),
  HOOKWRIGHT_DATA: setting({ fallback: resolve(defaultFolder), forms: "a folder", read: readFolder }),
  HOOKWRIGHT_DATABASE_URL: setting<undefined>({
    fallback: undefined,
    forms: "absent: this version keeps its data in HOOKWRIGHT_DATA and knows no other database",
    read: () => undefined,
    secret: true,
  }),
  HOOKWRIGHT_ROLE: setting({
    fallback: "all",
    forms: "all, api or worker",
    read: oneOf("all", "api", "worker"),
  }),
  HOOKWRIGHT_TOKEN: setting<string | undefined>({
    fallback: undefined,
    forms: "visible ASCII characters without blanks, at most 4096",
    read: readToken,
    secret: true,
  }),
  HOOKWRIGHT_SECRET_KEY: setting<readonly string[] | undefined>({
    fallback: undefined,
    forms:
      "random texts of at least 32 characters, newest first, with commas or blanks between them (`openssl rand -base64 32` makes one)",
    read: parseSecretKeys,
    secret: true,
  }),
  HOOKWRIGHT_ALLOW_TARGETS: setting({ fallback: "", forms: "rules", read: readAllowTargets, emptyIsValue: true }),
  HOOKWRIGHT_ORIGIN: setting({
    fallback: machineName(),
    forms: "a DNS name such as hooks.example.com",
    read: (text) => (isDnsName(text) ? text : undefined),
  }),
  HOOKWRIGHT_EGRESS_PROXY: setting({ fallback: "", forms: "a proxy", read: readEgressProxy, secret: true }),
  HOOKWRIGHT_NAME_SERVERS: setting({ fallback: "", forms: "addresses", read: readNameServers }),
  HOOKWRIGHT_CA_FILE: setting({
    fallback: "",
    forms: "a file of PEM certificates",
    read: readCertificateFile,
    secret: true,
  }),
  HOOKWRIGHT_CLIENT_CERT: setting({
    fallback: "",
    forms: "a file of PEM certificates",
    read: readCertificateFile,
    secret: true,
  }),
  HOOKWRIGHT_CLIENT_KEY: setting({
    fallback: "",
    forms: "a file with a PEM private key",
    read: readPemFile,
    secret: true,
  }),
  HOOKWRIGHT_MAX_BODY: setting({
    fallback: 10 * 1_024 ** 2,
    forms: "a size such as 512kb or 10mb, at most 500mb",
    read: readSize,
  }),
  HOOKWRIGHT_STOP_TIMEOUT: setting({ fallback: 10_000, forms: "a duration", read: readDuration }),
  // An operator is told at the start; an application that embeds core looks at the states itself.
  HOOKWRIGHT_PLUGIN_FAILURE: setting<"refuse" | "continue">({
    fallback: "refuse",
    forms: "refuse or continue",
    read: oneOf("refuse", "continue"),
  }),
  WEBHOOK_TIMEOUT: setting({
    fallback: 1_000,
    forms: "a number of seconds such as 1 or 2.5, from 0.001 to 86400",
    read: readSeconds,
  }),
  WEBHOOK_RETRY_SCHEDULE: setting({ fallback: "", forms: "a schedule", read: readRetrySchedule, emptyIsValue: true }),
  WEBHOOK_MAX_CONSECUTIVE_FAILURES: setting({
    fallback: 50,
    forms: "a whole number, where 0 means never",
    read: wholeNumber(0, 1_000_000_000),
  }),
  WEBHOOK_BATCH_SIZE: setting({
    fallback: 0,
    forms: "a whole number of at least 1, or empty for never",
    read: (text) => (text === "" ? 0 : wholeNumber(1, 1_000_000_000)(text, "")),
    emptyIsValue: true,
  }),
  WEBHOOK_RETENTION: setting({ fallback: 30 * day, forms: "a duration", read: readDuration }),
  LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS: setting({
    fallback: false,
    forms: "true, yes, on or 1, or false, no, off or 0",
    read: readBoolean,
    alias: "ALLOW_ORGANIZATION_WEBHOOKS",
  }),
  LOG_LEVEL: setting<"debug" | "info" | "warn" | "error">({
    fallback: "info",
    forms: "debug, info, warn or error",
    // Label Studio's own word for it is `warning`.
    read: (text) => oneOf("debug", "info", "warn", "error")(text.replace(/^warning$/i, "warn"), ""),
  }),
  LOG_FORMAT: setting<"pretty" | "json" | undefined>({
    fallback: undefined,
    forms: "pretty or json",
    read: oneOf("pretty", "json"),
  }),
} as const satisfies Readonly<Record<SettingName, unknown>>;

/** Every name that a configuration file may use. */
export const settingNames = Object.keys(table) as readonly SettingName[];

/**
 * Reads all settings.
 *
 * @throws HookwrightError `configuration_invalid`: one line that names the first variable that cannot be read, what was
 * found (never for a secret) and what is allowed.
 *
 * @example
 * ```ts
 * import { readSettings } from "@hookwright/plugin-server";
 *
 * const settings = readSettings({ environment: { HOOKWRIGHT_PORT: "0" }, terminal: false });
 * console.log(settings.port);
 * ```
 */
export function readSettings(sources: SettingSources): ServiceSettings {
  const read = <Name extends SettingName>(name: Name): ValueOf<Name> => readSetting(name, sources);
  read("HOOKWRIGHT_DATABASE_URL");
  refuseOtherRoles(read("HOOKWRIGHT_ROLE"));
  return {
    host: read("HOOKWRIGHT_HOST"),
    port: read("HOOKWRIGHT_PORT"),
    data: read("HOOKWRIGHT_DATA"),
    token: read("HOOKWRIGHT_TOKEN"),
    secretKeys: read("HOOKWRIGHT_SECRET_KEY"),
    maxBody: read("HOOKWRIGHT_MAX_BODY"),
    stopTimeout: read("HOOKWRIGHT_STOP_TIMEOUT"),
    logLevel: read("LOG_LEVEL"),
    logFormat: read("LOG_FORMAT") ?? (sources.terminal ? "pretty" : "json"),
    plugins: sources.plugins ?? [],
    hooks: {
      allowTargets: read("HOOKWRIGHT_ALLOW_TARGETS"),
      origin: read("HOOKWRIGHT_ORIGIN"),
      egressProxy: read("HOOKWRIGHT_EGRESS_PROXY"),
      nameServers: read("HOOKWRIGHT_NAME_SERVERS"),
      certificateAuthorities: read("HOOKWRIGHT_CA_FILE"),
      ...readClient(read("HOOKWRIGHT_CLIENT_CERT"), read("HOOKWRIGHT_CLIENT_KEY")),
      timeout: read("WEBHOOK_TIMEOUT"),
      retrySchedule: read("WEBHOOK_RETRY_SCHEDULE"),
      maxConsecutiveFailures: read("WEBHOOK_MAX_CONSECUTIVE_FAILURES"),
      batchSize: read("WEBHOOK_BATCH_SIZE"),
      retention: read("WEBHOOK_RETENTION"),
      onPluginFailure: read("HOOKWRIGHT_PLUGIN_FAILURE"),
      organizationWebhooks: read("LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS"),
    },
  };
}

/** Whether the two belong together is seen at the start, not at the first receiver that asks for them. */
function readClient(cert: string, key: string): Pick<Settings, "clientCertificate" | "clientKey"> {
  readClientCertificate({ cert, key }, { cert: "HOOKWRIGHT_CLIENT_CERT", key: "HOOKWRIGHT_CLIENT_KEY" });
  return { clientCertificate: cert, clientKey: key };
}

type ValueOf<Name extends SettingName> = (typeof table)[Name] extends Setting<infer Value> ? Value : never;

/** Lets each entry of the table keep its own type of value. */
function setting<Value>(entry: Setting<Value>): Setting<Value> {
  return entry;
}

/** One setting alone: for a command that needs no other. @throws HookwrightError as {@link readSettings}. */
export function readSetting<Name extends SettingName>(
  name: Name,
  sources: Pick<SettingSources, "environment" | "file">,
): ValueOf<Name> {
  // The table ties each name to the type of its value; looked up by a variable, TypeScript sees only their union.
  const entry = table[name] as unknown as Setting<ValueOf<Name>>;
  const found = findText({ name, entry, sources });
  if (found === undefined) return entry.fallback;
  const value = entry.read(found.text, found.where);
  if (value !== undefined) return value;
  const shown = entry.secret === true ? "" : `, found ${JSON.stringify(found.text.slice(0, 200))}`;
  throw new HookwrightError("configuration_invalid", `${found.where} must be ${entry.forms}${shown}.`);
}

interface Found {
  readonly text: string;
  /** The variable that was set, and the file if it was set there. */
  readonly where: string;
}

function findText(of: {
  readonly name: SettingName;
  readonly entry: Setting<unknown>;
  readonly sources: Pick<SettingSources, "environment" | "file">;
}): Found | undefined {
  const { name, entry, sources } = of;
  const isSet = (text: string | undefined): text is string =>
    text !== undefined && (text !== "" || entry.emptyIsValue === true);
  for (const variable of entry.alias === undefined ? [name] : [name, entry.alias]) {
    const text = sources.environment[variable]?.trim();
    if (isSet(text)) return { text, where: variable };
  }
  const value = sources.file?.values[name];
  const text = value === undefined ? undefined : String(value).trim();
  return isSet(text) ? { text, where: `${name} in ${sources.file?.name ?? ""}` } : undefined;
}

function refuseOtherRoles(role: string): void {
  if (role === "all") return;
  throw new HookwrightError(
    "configuration_invalid",
    `HOOKWRIGHT_ROLE must be all in this version, found ${JSON.stringify(role)}: the other roles need a database that several processes share.`,
  );
}
