import type { Clock } from "./foundation/clock.js";
import { isDnsName, machineName } from "./foundation/dns-name.js";
import { HookwrightError } from "./foundation/hookwright-error.js";
import { nearestName } from "./foundation/nearest-name.js";
import type { Logger } from "./observe/logger.js";
import type { ConfiguredPlugin } from "./plugin/plugin.js";
import { Vault } from "./secret/vault.js";
import type { Store } from "./store/store.js";
import type { Transport } from "./transport/transport.js";

/** What can be set; each has the default that its line names. */
export interface Settings {
  /** Milliseconds of one attempt, from connect to the end of the answer that is read; 1,000. */
  readonly timeout: number;
  /** `standard`, a list such as `5s,1m,10m`, or empty for no retries; empty. */
  readonly retrySchedule: string;
  /** Failed attempts in a row that deactivate a webhook; 0 = never; 50. */
  readonly maxConsecutiveFailures: number;
  /** Elements of a bulk event in one message; 0 = never split; 0. */
  readonly batchSize: number;
  /** Milliseconds for which finished deliveries, attempts and messages are kept; 30 days. */
  readonly retention: number;
  /** Whether organization webhooks may be made and organization-only events are sent; false. */
  readonly organizationWebhooks: boolean;
  /** What deliveries may reach beside public addresses: CIDR blocks, host names, `*.suffix`, `loopback`, `private`; nothing. */
  readonly allowTargets: string;
  /**
   * `http://[user:password@]host:port` of a proxy that all deliveries leave through, by CONNECT to the address that was
   * checked; none.
   */
  readonly egressProxy: string;
  /** Addresses of name servers in place of the machine's own, such as `10.0.0.2` or `10.0.0.2:5353`; the machine's own. */
  readonly nameServers: string;
  /** Certificate authorities that receivers are trusted by besides the usual ones, as PEM; none. */
  readonly certificateAuthorities: string;
  /** The certificate that is shown to receivers that ask for one, with those between it and its authority, as PEM; none. */
  readonly clientCertificate: string;
  /** Its private key, as PEM without a passphrase; none. */
  readonly clientKey: string;
  /** The DNS name with which it introduces itself to receivers that are asked for their consent; the machine's host name. */
  readonly origin: string;
  /** Deliveries in memory at once; 512. */
  readonly window: number;
  /** Milliseconds for a plugin's setup, and for each thing that is undone when it stops; 10,000. */
  readonly pluginTimeout: number;
  /**
   * `continue`: a plugin that fails in its setup takes along only those that require it, unless it is essential. `refuse`:
   * then nothing starts. `continue`.
   */
  readonly onPluginFailure: "continue" | "refuse";
}

/** Where secret keys come from when they are needed: a file, a key service. Newest first. */
export type SecretKeySource = () => readonly string[] | Promise<readonly string[]>;

/** What an embedding application hands in. */
export interface Composition {
  readonly store: Store;
  readonly plugins?: readonly ConfiguredPlugin[];
  readonly settings?: Partial<Settings>;
  /**
   * What header values and signing secrets are sealed with in the store, newest first: random texts of at least 32 characters.
   * The newest seals, all of them open. Without any, the store gets these values as they are. A function is asked at the
   * start, once the store is open.
   */
  readonly secretKeys?: readonly string[] | SecretKeySource;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly transport?: Transport;
  /** In [0, 1); spreads retries. */
  readonly random?: () => number;
  /** Fills the random part of ids; a test that wants the same ids each time hands in its own. */
  readonly randomBytes?: (bytes: Uint8Array) => void;
}

const defaultSettings: Settings = {
  timeout: 1_000,
  retrySchedule: "",
  maxConsecutiveFailures: 50,
  batchSize: 0,
  retention: 30 * 86_400_000,
  organizationWebhooks: false,
  allowTargets: "",
  egressProxy: "",
  nameServers: "",
  certificateAuthorities: "",
  clientCertificate: "",
  clientKey: "",
  origin: machineName(),
  window: 512,
  pluginTimeout: 10_000,
  onPluginFailure: "continue",
};

/** The lowest value of each setting that is a number; what counts something must be whole. */
const lowestSettings = {
  timeout: 1,
  maxConsecutiveFailures: 0,
  batchSize: 0,
  retention: 1,
  window: 1,
  pluginTimeout: 1,
} as const;
const amounts: ReadonlySet<string> = new Set(["timeout", "retention", "pluginTimeout"]);

/** Every member of a {@link Composition}; the compiler holds it against the type. */
const compositionNames: Readonly<Record<keyof Composition, true>> = {
  store: true,
  plugins: true,
  settings: true,
  secretKeys: true,
  logger: true,
  clock: true,
  transport: true,
  random: true,
  randomBytes: true,
};

/**
 * The settings of a composition, complete.
 *
 * @throws HookwrightError `configuration_invalid`: a window of 0 would deliver nothing, without a word.
 */
export function settingsOf(composition: Composition): Settings {
  refuseUnknown("createWebhooks knows no option", composition, compositionNames);
  const given = composition.settings ?? {};
  refuseUnknown("There is no setting", given, defaultSettings);
  // What is undefined was not set, whatever the types of the caller allow.
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: Settings = { ...defaultSettings, ...said };
  for (const [name, lowest] of Object.entries(lowestSettings)) {
    const value: unknown = Reflect.get(settings, name);
    const isFit = amounts.has(name) ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (isFit && Number(value) >= lowest) continue;
    throw new HookwrightError(
      "configuration_invalid",
      `The setting ${name} must be ${amounts.has(name) ? "a number" : "a whole number"} from ${lowest}, found ${String(value)}.`,
    );
  }
  const { onPluginFailure, origin } = settings;
  if (!isDnsName(origin)) {
    throw new HookwrightError(
      "configuration_invalid",
      `The setting origin must be a DNS name such as hooks.example.com, found ${JSON.stringify(origin)}.`,
    );
  }
  if (onPluginFailure === "continue" || onPluginFailure === "refuse") return settings;
  throw new HookwrightError(
    "configuration_invalid",
    `The setting onPluginFailure must be continue or refuse, found ${JSON.stringify(onPluginFailure)}.`,
  );
}

/** Keys that are given are checked before anything is opened. */
export function secretKeysOf({ secretKeys = [] }: Composition): SecretKeySource {
  if (typeof secretKeys === "function") return secretKeys;
  new Vault(secretKeys);
  return () => secretKeys;
}

/** @throws HookwrightError `configuration_invalid`: a misspelt name would leave the default, without a word. */
function refuseUnknown(what: string, given: object, known: object): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const nearest = nearestName(name, Object.keys(known));
    const advice = nearest === undefined ? `Known are ${Object.keys(known).join(", ")}.` : `Did you mean ${nearest}?`;
    throw new HookwrightError(
      "configuration_invalid",
      `${what} ${JSON.stringify(name.slice(0, 128))}. ${advice}`,
      nearest === undefined ? {} : { details: { nearest } },
    );
  }
}
