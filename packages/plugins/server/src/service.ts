import {
  type ConfiguredPlugin,
  createWebhooks,
  HookwrightError,
  type Logger,
  type Store,
  type StrayOrigin,
  systemClock,
  type Webhooks,
} from "@hookwright/core";
import { surveyStored } from "@hookwright/core/internal";
import { signing } from "@hookwright/plugin-signing";
import { sqlite } from "@hookwright/plugin-sqlite";
import type { FastifyInstance } from "fastify";
import { type DataFolder, dataFolder, openToOthers, removeSecretDrafts } from "./data-folder.js";
import { createServerPlugin } from "./extend/server-plugin.js";
import { ensureFirstToken } from "./first-token.js";
import { createHttpServer } from "./http-server.js";
import { issueToken } from "./issued-token.js";
import { createLogger } from "./logger.js";
import { MachineSocket } from "./machine-socket.js";
import { messageOf } from "./outside-values.js";
import { prepareDataFolder } from "./prepare-data-folder.js";
import { ensureSecretKeys, type KeyRotation, rotateSecretKey } from "./secret-keys.js";
import type { ServiceSettings } from "./settings.js";

/** A service that runs. */
export interface ServiceAddress {
  /** Without a slash at its end. */
  readonly url: string;
  /** The file that holds the first token; `undefined` when the token was set from outside. */
  readonly tokenFile: string | undefined;
}

/** The whole service in one process: store, deliveries, API. Made by {@link createService}. */
export interface Service {
  /**
   * Opens the data folder, delivers what waits there, and listens.
   *
   * @throws HookwrightError with one line for a person; what was started before it is stopped again.
   */
  start(): Promise<ServiceAddress>;
  /** Takes nothing new, waits for what is in flight within HOOKWRIGHT_STOP_TIMEOUT, closes everything. */
  stop(): Promise<void>;
  /** For the process's handlers of errors that nobody caught: names the plugin that left one behind, and books it to the plugin. */
  blame(error: unknown, origin: StrayOrigin): string | undefined;
}

/**
 * Puts a service together from its settings; nothing is opened yet.
 *
 * @param logger - made from the settings unless given
 * @throws BootError with everything that is wrong with the plugins, or HookwrightError `configuration_invalid`.
 *
 * @example
 * ```ts
 * import { createService, readSettings } from "@hookwright/plugin-server";
 *
 * const settings = readSettings({ environment: process.env, terminal: false });
 * const service = await createService(settings);
 * const { url } = await service.start();
 * console.log(url);
 * await service.stop();
 * ```
 */
export async function createService(settings: ServiceSettings, logger?: Logger): Promise<Service> {
  const log = logger ?? createLogger({ level: settings.logLevel, format: settings.logFormat, colors: false });
  const folder = dataFolder(settings.data);
  const store = sqlite({ file: folder.database });
  const plugin = createServerPlugin();
  const plugins = [plugin, ...signingUnless(settings.plugins), ...settings.plugins];
  const hooks = await createWebhooks({
    store,
    plugins,
    settings: settings.hooks,
    secretKeys: async () => {
      // The store is open by now, so that the lock is held.
      removeSecretDrafts(folder);
      const survey = () => surveyStored(store.webhooks, []);
      return ensureSecretKeys({ configured: settings.secretKeys, folder, survey });
    },
    logger: log,
  });
  const http = createHttpServer({
    hooks,
    access: store.access,
    clock: systemClock,
    logger: log,
    maxBody: settings.maxBody,
    plugin,
  });
  return new OwnService({ settings, folder, store, hooks, http, logger: log });
}

/** A configuration that lists the signing plugin, or one of its own under that name, has it in this one's place. */
function signingUnless(plugins: readonly ConfiguredPlugin[]): readonly ConfiguredPlugin[] {
  const own = signing();
  return plugins.some((plugin) => read(read(plugin, "manifest"), "name") === own.manifest.name) ? [] : [own];
}

/** No plugin has been checked yet: whatever it is, none of its code runs. */
function read(holder: unknown, key: string): unknown {
  return Object.getOwnPropertyDescriptor(Object(holder), key)?.value;
}

interface ServiceParts {
  readonly settings: ServiceSettings;
  readonly folder: DataFolder;
  readonly store: Store;
  readonly hooks: Webhooks;
  readonly http: FastifyInstance;
  readonly logger: Logger;
}

/** Owns the order in which a service's parts start and stop. */
class OwnService implements Service {
  readonly #parts: ServiceParts;
  #socket: MachineSocket | undefined;
  #rotation: Promise<KeyRotation> | undefined;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  async start(): Promise<ServiceAddress> {
    const { folder, hooks, logger } = this.#parts;
    try {
      prepareDataFolder(folder);
      hooks.on("listener.failed", ({ listener, notification, error }) =>
        logger.error(`A listener of ${listener} failed on ${notification}`, {
          code: "listener_failed",
          listener,
          notification,
          error,
        }),
      );
      await hooks.start();
      const tokenFile = await this.#firstToken();
      this.#warnOfOpenFiles();
      await this.#openSocket();
      const url = await this.#listen();
      logger.info(`Started: listening on ${url}`);
      return { url, tokenFile };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const { settings, hooks, logger } = this.#parts;
    const until = systemClock.now() + settings.stopTimeout;
    const underWay = hooks.inFlight;
    if (underWay > 0)
      logger.info(`Stopping: ${counted(underWay)} under way, waited for up to ${settings.stopTimeout / 1_000} s`);
    // Half of the time at most: a client that reads slowly must not use up what deliveries under way need.
    await this.#closeHttp(settings.stopTimeout / 2);
    await this.#socket?.close();
    await this.#stopHooks(Math.max(0, until - systemClock.now()));
  }

  blame(error: unknown, origin: StrayOrigin): string | undefined {
    return this.#parts.hooks.blame(error, origin);
  }

  #warnOfOpenFiles(): void {
    const { folder, logger } = this.#parts;
    for (const file of [folder.secretKey, folder.token]) {
      const advice = openToOthers(file, "0600");
      if (advice !== undefined) logger.warn(advice);
    }
  }

  async #firstToken(): Promise<string | undefined> {
    const { settings, store, folder, logger } = this.#parts;
    const token = await ensureFirstToken(settings.token, { access: store.access, folder, clock: systemClock });
    if (token.kind === "configured") return undefined;
    if (token.kind === "revoked")
      logger.warn(`The token in ${token.file} was revoked; remove the file to get a new one at the next start`);
    return token.file;
  }

  /** The service is of use without it, so its failure is told and no more. */
  async #openSocket(): Promise<void> {
    const { folder, hooks, store, logger } = this.#parts;
    const consequence = `"hookwright token create --organization" and "hookwright secrets rotate-key" work only while the service is stopped`;
    try {
      this.#socket = await MachineSocket.open(folder, {
        issueToken: (wanted) => issueToken(wanted, { access: store.access, clock: systemClock }),
        rotateSecretKey: () => this.#rotateSecretKey(),
        surveySecrets: () => hooks.sealing.survey(),
      });
      if (this.#socket === undefined) logger.warn(`The path ${folder.socket} is too long for a socket: ${consequence}`);
    } catch (error) {
      logger.warn(`The socket ${folder.socket} cannot be opened (${messageOf(error)}): ${consequence}`, { error });
    }
  }

  /** One at a time: who asks while one is under way gets its outcome. */
  #rotateSecretKey(): Promise<KeyRotation> {
    const { settings, folder, hooks } = this.#parts;
    this.#rotation ??= rotateSecretKey({
      configured: settings.secretKeys,
      folder,
      reseal: (keys) => hooks.sealing.rotate(keys),
    }).finally(() => {
      this.#rotation = undefined;
    });
    return this.#rotation;
  }

  async #listen(): Promise<string> {
    const { settings, http } = this.#parts;
    const { host, port } = settings;
    try {
      await http.listen({ host, port });
    } catch (error) {
      throw new HookwrightError("configuration_invalid", listenFault(error, { host, port }), { cause: error });
    }
    const address = http.server.address();
    const opened = typeof address === "object" && address !== null ? address.port : port;
    return `http://${reachable(host)}:${opened}`;
  }

  /** Tells how many deliveries were not over in time. */
  async #stopHooks(timeout: number): Promise<void> {
    const { hooks, logger } = this.#parts;
    let late = 0;
    // Set before the stop's own timer of the same length, which interrupts them: it fires before it.
    const deadline = systemClock.setTimer(timeout, () => {
      late = hooks.inFlight;
    });
    await hooks.stop({ timeout });
    deadline.cancel();
    if (late > 0) logger.info(`Stopped: ${counted(late)} not over in time; they go out after the next start`);
  }

  async #closeHttp(within: number): Promise<void> {
    const { http } = this.#parts;
    const forced = systemClock.setTimer(within, () => http.server.closeAllConnections());
    await http.close();
    forced.cancel();
  }
}

function counted(deliveries: number): string {
  return deliveries === 1 ? "1 delivery" : `${deliveries} deliveries`;
}

function listenFault(error: unknown, { host, port }: { readonly host: string; readonly port: number }): string {
  const at = `${bracketed(host)}:${port}`;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return `${at} is in use by another program. Set HOOKWRIGHT_PORT to a free port, or to 0 to have one picked.`;
  if (code === "EACCES")
    return `${at} may not be opened by this user. Set HOOKWRIGHT_PORT to a port from 1024 on, or to 0 to have one picked.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `HOOKWRIGHT_HOST: ${host} is no address of this machine. Set it to 127.0.0.1, 0.0.0.0, or an address that this machine has.`;
  return `Cannot listen on ${at}: ${messageOf(error)}. Set HOOKWRIGHT_HOST and HOOKWRIGHT_PORT to an address that can be opened.`;
}

/** An address to type: what listens everywhere is reached on the loopback address. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "[::1]" : bracketed(host);
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
