import { networkInterfaces } from "node:os";
import type { ErrorCode } from "../foundation/error-codes.js";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { NameServer, type Zone } from "./name-server.test.support.js";
import { okAnswer, RawReceiver } from "./raw-receiver.test.support.js";

/** Some containers have no IPv6 at all: nothing can be listened on or dialled there. */
export const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

/** What became of one attempt: the status of an answer, or the code of what kept it from one. */
export type Tried = number | ErrorCode;

export interface GuardSceneOptions {
  /** As in HOOKWRIGHT_ALLOW_TARGETS; nothing unless given. */
  readonly allow?: string;
  /** What the test's own name server says; it is the only one that is asked. */
  readonly zone?: Zone;
  /** Milliseconds of an attempt, where a test is about its end. */
  readonly timeout?: number;
}

/** As much of a whole host as the scene needs; hosts stand above this folder, so that the test hands in how one is made. */
export interface GuardedHost {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly webhooks: {
    create(webhook: { readonly url: string; readonly project: number }): Promise<{ readonly id: number }>;
    test(id: number): Promise<{
      readonly attempts: readonly { readonly status: number | null; readonly code: ErrorCode | null }[];
    }>;
  };
}

export type MakeHost = (composition: {
  readonly store: Store;
  readonly settings: { readonly allowTargets: string; readonly nameServers: string; readonly timeout: number };
}) => Promise<GuardedHost>;

/** A whole host with a guard, a name server, and a receiver that is reached by whatever leads to this machine, and tells who came where. */
export class GuardScene {
  /** The address of this machine that each connection came to. */
  readonly reached: string[] = [];
  readonly names: NameServer;
  readonly receiver: RawReceiver;
  readonly #hooks: GuardedHost;

  private constructor(parts: { names: NameServer; receiver: RawReceiver; hooks: GuardedHost; reached: string[] }) {
    this.names = parts.names;
    this.receiver = parts.receiver;
    this.#hooks = parts.hooks;
    this.reached = parts.reached;
  }

  static async open(make: MakeHost, options: GuardSceneOptions = {}): Promise<GuardScene> {
    const { allow = "", zone = {}, timeout = 10_000 } = options;
    const names = await NameServer.listen(zone);
    const reached: string[] = [];
    const receiver = await RawReceiver.listen({
      // Every address of this machine, of both families.
      host: hasIpv6 ? "::" : "0.0.0.0",
      onAccept: (socket) => reached.push((socket.localAddress ?? "").replace(/^::ffff:/, "")),
      onRequest: (socket) => socket.end(okAnswer()),
    });
    const hooks = await make({
      store: createMemoryStore(),
      settings: { allowTargets: allow, nameServers: names.address, timeout },
    });
    await hooks.start();
    return new GuardScene({ names, receiver, hooks, reached });
  }

  /** A URL of the receiver's port. */
  url(host: string, path = "/hook"): string {
    return this.receiver.url(host, path);
  }

  /** `undefined` when the webhook is saved, else what is said of its URL. */
  async save(url: string): Promise<string | undefined> {
    try {
      await this.#hooks.webhooks.create({ url, project: 1 });
      return undefined;
    } catch (error) {
      if (error instanceof HookwrightError && error.code === "webhook_invalid") return error.message;
      throw error;
    }
  }

  /** Saves a webhook for the URL, and sends it something. */
  async deliver(url: string): Promise<Tried> {
    const { id } = await this.#hooks.webhooks.create({ url, project: 1 });
    const { attempts } = await this.#hooks.webhooks.test(id);
    const attempt = attempts.at(-1);
    return attempt?.status ?? attempt?.code ?? "stopped";
  }

  async close(): Promise<void> {
    await this.#hooks.stop();
    await this.receiver.close();
    await this.names.close();
  }
}
