import { resolve } from "node:path";
import { HookwrightError } from "@hookwright/core";
import { machineName } from "@hookwright/core/internal";
import { describe, expect, test } from "vitest";
import { readSettings, type SettingSources, settingNames } from "./settings.js";

const day = 86_400_000;

test("without anything set, every setting has its documented default", () => {
  expect(settings()).toEqual({
    host: "127.0.0.1",
    port: 8080,
    data: resolve("data"),
    token: undefined,
    maxBody: 10 * 1_024 * 1_024,
    stopTimeout: 10_000,
    logLevel: "info",
    logFormat: "json",
    plugins: [],
    hooks: {
      allowTargets: "",
      egressProxy: "",
      nameServers: "",
      certificateAuthorities: "",
      clientCertificate: "",
      clientKey: "",
      timeout: 1_000,
      retrySchedule: "",
      maxConsecutiveFailures: 50,
      batchSize: 0,
      retention: 30 * day,
      onPluginFailure: "refuse",
      organizationWebhooks: false,
      origin: machineName(),
    },
  });
});

test("a person at a terminal gets a pretty log", () => {
  expect(readSettings({ environment: {}, terminal: true }).logFormat).toBe("pretty");
  expect(readSettings({ environment: { LOG_FORMAT: "json" }, terminal: true }).logFormat).toBe("json");
});

describe("a value is read", () => {
  test.each([
    [{ HOOKWRIGHT_HOST: "::1" }, { host: "::1" }],
    [{ HOOKWRIGHT_PORT: "0" }, { port: 0 }],
    [{ PORT: "9000" }, { port: 9_000 }],
    [{ PORT: "9000", HOOKWRIGHT_PORT: "9001" }, { port: 9_001 }],
    [{ HOOKWRIGHT_PORT: " 9001 " }, { port: 9_001 }],
    [{ HOOKWRIGHT_PORT: "", PORT: "9000" }, { port: 9_000 }],
    [{ HOOKWRIGHT_DATA: "/var/lib/hookwright" }, { data: "/var/lib/hookwright" }],
    [{ HOOKWRIGHT_TOKEN: "a-token" }, { token: "a-token" }],
    [{ HOOKWRIGHT_MAX_BODY: "512kb" }, { maxBody: 524_288 }],
    [{ HOOKWRIGHT_MAX_BODY: "1.5MB" }, { maxBody: 1_572_864 }],
    [{ HOOKWRIGHT_MAX_BODY: "1000" }, { maxBody: 1_000 }],
    [{ HOOKWRIGHT_STOP_TIMEOUT: "250ms" }, { stopTimeout: 250 }],
    [{ HOOKWRIGHT_ROLE: "all" }, {}],
    [{ LOG_LEVEL: "DEBUG" }, { logLevel: "debug" }],
    [{ LOG_LEVEL: "warning" }, { logLevel: "warn" }],
  ])("%j", (environment, expected) => {
    expect(settings(environment)).toMatchObject(expected);
  });

  test.each([
    [{ WEBHOOK_TIMEOUT: "2.5" }, { timeout: 2_500 }],
    [{ HOOKWRIGHT_PLUGIN_FAILURE: "continue" }, { onPluginFailure: "continue" }],
    [{ WEBHOOK_TIMEOUT: ".25" }, { timeout: 250 }],
    [{ WEBHOOK_RETRY_SCHEDULE: "standard" }, { retrySchedule: "standard" }],
    [{ WEBHOOK_RETRY_SCHEDULE: "5s,1m,10m" }, { retrySchedule: "5s,1m,10m" }],
    [{ WEBHOOK_MAX_CONSECUTIVE_FAILURES: "0" }, { maxConsecutiveFailures: 0 }],
    [{ WEBHOOK_BATCH_SIZE: "100" }, { batchSize: 100 }],
    [{ WEBHOOK_BATCH_SIZE: "" }, { batchSize: 0 }],
    [{ WEBHOOK_RETENTION: "12h" }, { retention: day / 2 }],
    [{ HOOKWRIGHT_NAME_SERVERS: "10.0.0.2 [fd00::2]:5353" }, { nameServers: "10.0.0.2 [fd00::2]:5353" }],
    [{ HOOKWRIGHT_EGRESS_PROXY: "http://u:p@proxy:3128" }, { egressProxy: "http://u:p@proxy:3128" }],
    [{ HOOKWRIGHT_ALLOW_TARGETS: "loopback, 10.0.0.0/8" }, { allowTargets: "loopback, 10.0.0.0/8" }],
    [{ HOOKWRIGHT_ORIGIN: "hooks.example.com" }, { origin: "hooks.example.com" }],
    ...["true", "YES", "on", "1"].map((word) => [
      { LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS: word },
      { organizationWebhooks: true },
    ]),
    ...["false", "no", "Off", "0"].map((word) => [
      { ALLOW_ORGANIZATION_WEBHOOKS: word },
      { organizationWebhooks: false },
    ]),
    [{ ALLOW_ORGANIZATION_WEBHOOKS: "true" }, { organizationWebhooks: true }],
  ] as [Record<string, string>, object][])("%j for deliveries", (environment, expected) => {
    expect(settings(environment).hooks).toMatchObject(expected);
  });
});

describe("a value that cannot be read is refused in one line that names the variable", () => {
  test.each([
    [{ HOOKWRIGHT_HOST: "a b" }, /^HOOKWRIGHT_HOST must be an address .*, found "a b"\.$/],
    [{ HOOKWRIGHT_PORT: "web" }, /^HOOKWRIGHT_PORT must be a whole number from 0 to 65535.*, found "web"\.$/],
    [{ HOOKWRIGHT_PORT: "65536" }, /^HOOKWRIGHT_PORT must be .* found "65536"\.$/],
    [{ HOOKWRIGHT_PORT: "1e3" }, /^HOOKWRIGHT_PORT must be /],
    [{ PORT: "-1" }, /^PORT must be .* found "-1"\.$/],
    [{ HOOKWRIGHT_DATA: "a\0b" }, /^HOOKWRIGHT_DATA must be a folder/],
    [{ HOOKWRIGHT_DATABASE_URL: "postgres://u:hunter2@db/x" }, /^HOOKWRIGHT_DATABASE_URL must be absent/],
    [{ HOOKWRIGHT_ROLE: "worker" }, /^HOOKWRIGHT_ROLE must be all in this version, found "worker"/],
    [{ HOOKWRIGHT_ROLE: "boss" }, /^HOOKWRIGHT_ROLE must be all, api or worker, found "boss"\.$/],
    [{ HOOKWRIGHT_TOKEN: "hunter2 " + "hunter2" }, /^HOOKWRIGHT_TOKEN must be visible ASCII characters/],
    [{ HOOKWRIGHT_ALLOW_TARGETS: "10.0.0.0/33" }, /^HOOKWRIGHT_ALLOW_TARGETS: "10\.0\.0\.0\/33" is not an allow rule/],
    [{ HOOKWRIGHT_ORIGIN: "https://hooks.example.com" }, /^HOOKWRIGHT_ORIGIN must be a DNS name such as/],
    [{ HOOKWRIGHT_EGRESS_PROXY: "socks5://u:hunter2@proxy" }, /^HOOKWRIGHT_EGRESS_PROXY must be http:\/\/host:port/],
    [{ HOOKWRIGHT_EGRESS_PROXY: "proxy:3128" }, /^HOOKWRIGHT_EGRESS_PROXY must be /],
    [{ HOOKWRIGHT_EGRESS_PROXY: "http://proxy:3128/hunter2" }, /^HOOKWRIGHT_EGRESS_PROXY must be /],
    [{ HOOKWRIGHT_EGRESS_PROXY: "http://u:hunter2%@proxy:3128" }, /^HOOKWRIGHT_EGRESS_PROXY has a percent sign/],
    [
      { HOOKWRIGHT_NAME_SERVERS: "10.0.0.2, ns.example" },
      /^HOOKWRIGHT_NAME_SERVERS: "ns\.example" is not a name server/,
    ],
    [{ HOOKWRIGHT_NAME_SERVERS: "10.0.0.2:0" }, /^HOOKWRIGHT_NAME_SERVERS: /],
    [{ HOOKWRIGHT_CA_FILE: "no-such-file.pem" }, /^HOOKWRIGHT_CA_FILE: the file cannot be read: ENOENT\.$/],
    [{ HOOKWRIGHT_MAX_BODY: "big" }, /^HOOKWRIGHT_MAX_BODY must be a size such as 512kb .*, found "big"\.$/],
    [{ HOOKWRIGHT_MAX_BODY: "0" }, /^HOOKWRIGHT_MAX_BODY must be /],
    [{ HOOKWRIGHT_MAX_BODY: "2gb" }, /^HOOKWRIGHT_MAX_BODY must be /],
    [{ HOOKWRIGHT_STOP_TIMEOUT: "10" }, /^HOOKWRIGHT_STOP_TIMEOUT must be a duration .*, found "10"\.$/],
    [{ WEBHOOK_TIMEOUT: "0" }, /^WEBHOOK_TIMEOUT must be a number of seconds .*, found "0"\.$/],
    [{ WEBHOOK_TIMEOUT: "1s" }, /^WEBHOOK_TIMEOUT must be a number of seconds/],
    [{ WEBHOOK_TIMEOUT: "-1" }, /^WEBHOOK_TIMEOUT must be a number of seconds/],
    [{ WEBHOOK_RETRY_SCHEDULE: "5s,soon" }, /^WEBHOOK_RETRY_SCHEDULE must be standard, or a list .*, found "soon"\.$/],
    [{ WEBHOOK_MAX_CONSECUTIVE_FAILURES: "many" }, /^WEBHOOK_MAX_CONSECUTIVE_FAILURES must be a whole number/],
    [{ WEBHOOK_BATCH_SIZE: "0" }, /^WEBHOOK_BATCH_SIZE must be a whole number of at least 1.*, found "0"\.$/],
    [{ WEBHOOK_RETENTION: "forever" }, /^WEBHOOK_RETENTION must be a duration .*, found "forever"\.$/],
    [
      { LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS: "maybe" },
      /^LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS must be true, yes, on or 1, .*, found "maybe"\.$/,
    ],
    [{ ALLOW_ORGANIZATION_WEBHOOKS: "2" }, /^ALLOW_ORGANIZATION_WEBHOOKS must be true/],
    [{ LOG_LEVEL: "loud" }, /^LOG_LEVEL must be debug, info, warn or error, found "loud"\.$/],
    [{ LOG_FORMAT: "xml" }, /^LOG_FORMAT must be pretty or json, found "xml"\.$/],
  ])("%j", (environment, line) => {
    const error = refusal({ environment, terminal: false });
    expect(error.code).toBe("configuration_invalid");
    expect(error.message).toMatch(line);
    expect(error.message).not.toContain("\n");
    expect(error.message).not.toContain("hunter2");
  });
});

describe("a configuration file", () => {
  test("says the same by the same names, as texts, numbers and booleans", () => {
    const values = { HOOKWRIGHT_PORT: 9_000, WEBHOOK_TIMEOUT: 0.5, LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS: true };
    const read = readSettings({ environment: {}, file: { name: "hooks.config.ts", values }, terminal: false });
    expect(read).toMatchObject({ port: 9_000, hooks: { timeout: 500, organizationWebhooks: true } });
  });

  test("yields to the environment, also to its other name and where empty is a value", () => {
    const values = { HOOKWRIGHT_PORT: 9_000, WEBHOOK_RETRY_SCHEDULE: "standard" };
    const environment = { PORT: "9001", WEBHOOK_RETRY_SCHEDULE: "" };
    const read = readSettings({ environment, file: { name: "hooks.config.ts", values }, terminal: false });
    expect(read).toMatchObject({ port: 9_001, hooks: { retrySchedule: "" } });
  });

  test("is named where a value of it cannot be read", () => {
    const file = { name: "hooks.config.ts", values: { HOOKWRIGHT_PORT: "web" } };
    expect(refusal({ environment: {}, file, terminal: false }).message).toMatch(
      /^HOOKWRIGHT_PORT in hooks\.config\.ts must be .*, found "web"\.$/,
    );
  });

  test("may name every setting", () => {
    expect(settingNames).toContain("HOOKWRIGHT_TOKEN");
    expect(settingNames).toHaveLength(25);
  });
});

function settings(environment: Readonly<Record<string, string>> = {}) {
  return readSettings({ environment, terminal: false });
}

function refusal(sources: SettingSources): HookwrightError {
  try {
    readSettings(sources);
  } catch (error) {
    if (error instanceof HookwrightError) return error;
    throw error;
  }
  throw new Error("the settings were accepted");
}
