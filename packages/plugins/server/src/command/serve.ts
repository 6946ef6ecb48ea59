import { setFlagsFromString } from "node:v8";
import { type Logger, systemClock, version } from "@hookwright/core";
import { loadConfig } from "../config-file.js";
import { createLogger } from "../logger.js";
import { loadPlugins, pluginOption } from "../plugin-source.js";
import { createService, type Service, type ServiceAddress } from "../service.js";
import { readSettings, type ServiceSettings } from "../settings.js";
import { type CommandIo, programName } from "./command-io.js";
import type { JsonOption } from "./options.js";
import { StopWishes } from "./stop-wish.js";

/** Where settings and plugins come from beside the environment. */
export interface StartOptions extends JsonOption {
  readonly config?: string;
  readonly plugin?: readonly string[];
}

/** How long a stop may exceed HOOKWRIGHT_STOP_TIMEOUT before the process ends all the same: a plugin that hangs in its stop is given up after ten seconds. */
const grace = 15_000;

/**
 * A service makes much garbage and keeps little. By default V8 lets the room for young objects grow under load and never
 * gives it back, and lets old ones pile up to several times what is in use. With these flags taking in 1,000,000 deliveries
 * leaves it at 95 MB more than it had at its start, without them at 185 (`npm run bench -- backlog`). Limits set at run time
 * come too late for V8; factors of growth do not.
 */
const littleGarbage = ["--semi-space-growth-factor=1", "--heap-growing-percent=50"];

/** Serves until a signal, and ends the process. @throws HookwrightError with one line for a person. */
export async function serve(options: StartOptions, io: CommandIo): Promise<void> {
  for (const flag of littleGarbage) setFlagsFromString(flag);
  const reasons = new StopReasons();
  const settings = await gatherSettings(options, io);
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    colors: io.terminal && !io.environment["NO_COLOR"],
  });
  const service = await createService(settings, logger);
  // Before the start: a signal that comes during it must not leave a half-started process.
  const asked = reasons.watch(service, logger);
  const address = await service.start();
  // Nobody is told of an address that is closed in the next moment.
  if (!reasons.isGiven) io.print(options.json ? addressJson(address) : addressText(address, io));
  const exitCode = await asked;
  await stop({ service, settings, logger });
  // What a plugin left open must not keep the process alive.
  process.exit(exitCode);
}

async function gatherSettings({ config, plugin = [] }: StartOptions, io: CommandIo): Promise<ServiceSettings> {
  const file = config === undefined ? undefined : await loadConfig(config);
  const plugins = await loadPlugins([...(file?.plugins ?? []), ...plugin.map(pluginOption)]);
  return readSettings({
    environment: io.environment,
    plugins,
    terminal: io.terminal,
    ...(file === undefined ? {} : { file }),
  });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Owns the reasons for which the process stops: signals, and errors of our own that nobody caught. Until there is a service
 * to stop, a signal ends the process at once: nothing is open yet.
 */
class StopReasons {
  readonly #wishes = new StopWishes();
  #logger: Logger | undefined;
  #give: (exitCode: 0 | 1) => void = (exitCode) => process.exit(exitCode);
  #isGiven = false;

  constructor() {
    for (const signal of signals) process.on(signal, () => this.#take(signal));
  }

  /** Whether the service is to stop. */
  get isGiven(): boolean {
    return this.#isGiven;
  }

  /**
   * Resolves with the exit code at the first reason. What a plugin leaves behind is told with its name, and the service goes
   * on: no frame of ours was on the stack, so nothing of ours is half done
   * (`docs/decisions/0016-errors-that-plugins-leave-behind.md`).
   */
  watch(service: Service, logger: Logger): Promise<0 | 1> {
    this.#logger = logger;
    process.on("unhandledRejection", (error) => {
      if (service.blame(error, "rejection") !== undefined) return;
      logger.error("A promise was rejected and nobody handled it: stopping", { error });
      this.#stop(1);
    });
    process.on("uncaughtException", (error) => {
      if (service.blame(error, "exception") !== undefined) return;
      logger.error("An error that nobody caught: stopping", { error });
      this.#stop(1);
    });
    return new Promise((resolve) => {
      this.#give = resolve;
    });
  }

  #take(signal: NodeJS.Signals): void {
    // Not from the clock, which may be set between two signals.
    const wish = this.#wishes.take(performance.now());
    if (wish === "cut-short") {
      this.#logger?.warn(`${signal} again: ended at once; what is stored goes out after the next start`);
      process.exit(1);
    }
    if (wish === "stop") this.#logger?.info(`${signal}: stopping; a second signal ends it at once`);
    else this.#logger?.debug(`${signal}: stopping`);
    this.#stop(0);
  }

  #stop(exitCode: 0 | 1): void {
    this.#isGiven = true;
    this.#give(exitCode);
  }
}

async function stop(of: {
  readonly service: Service;
  readonly settings: ServiceSettings;
  readonly logger: Logger;
}): Promise<void> {
  const { service, settings, logger } = of;
  const overdue = systemClock.setTimer(settings.stopTimeout + grace, () => {
    logger.error("The stop took too long and was cut short; what is stored goes out after the next start");
    process.exit(1);
  });
  await service.stop();
  overdue.cancel();
}

function addressJson({ url, tokenFile }: ServiceAddress): string {
  return JSON.stringify({ version, url, token_file: tokenFile ?? null });
}

function addressText({ url, tokenFile }: ServiceAddress, { environment }: CommandIo): string {
  return [
    `Address   ${url}`,
    `Token     ${tokenFile === undefined ? "as set in HOOKWRIGHT_TOKEN" : `in the file ${tokenFile}`}`,
    `Try next  ${programName(environment)} listen`,
  ].join("\n");
}
