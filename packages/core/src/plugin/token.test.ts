import { beforeEach, describe, expect, test } from "vitest";
import { HookwrightError } from "../foundation/hookwright-error.js";
import { settled } from "../foundation/stepped-clock.test.support.js";
import { definePlugin, type PluginContext } from "./plugin.js";
import { PluginScene } from "./plugin-scene.test.support.js";
import { defineExtension, defineService } from "./token.js";

interface Route {
  readonly path: string;
}

const routes = defineExtension<Route>("server/routes");
const now = defineService<() => number>("time/now");

let scene: PluginScene;
/** What the server has at this moment, each with who brought it. */
let served: string[];

beforeEach(() => {
  scene = new PluginScene();
  served = [];
});

function plugin(name: string, setup: (ctx: PluginContext<unknown>) => void) {
  return definePlugin({ name, version: "1.0.0", setup });
}

const server = plugin("server", (ctx) => {
  ctx.offer(routes, ({ path }, from) => {
    if (path === "/taken") throw new Error("this path is taken");
    const entry = `${path} of ${from.name}@${from.version}`;
    served.push(entry);
    return () => served.splice(served.indexOf(entry), 1);
  });
});

const pages = plugin("pages", (ctx) => {
  ctx.contribute(routes, { path: "/one" });
  ctx.contribute(routes, { path: "/two" });
});

describe("an extension", () => {
  test.each([
    ["first", () => [server, pages]],
    ["last", () => [pages, server]],
  ])("gets every contribution when the plugin that offers it comes %s", async (_when, plugins) => {
    const host = await scene.started(...plugins());
    expect(served).toEqual(["/one of pages@1.0.0", "/two of pages@1.0.0"]);
    const byName = new Map(host.status().map((status) => [status.name, status]));
    expect(byName.get("server")).toMatchObject({ offers: ["server/routes"] });
    expect(byName.get("pages")).toMatchObject({ contributes: ["server/routes", "server/routes"] });
    await host.stop();
    expect(served).toEqual([]);
  });

  test("is told when a contributor goes, and gets what it brings when it comes back", async () => {
    const host = await scene.started(server, pages);
    await host.unload("pages");
    expect(served).toEqual([]);
    await host.load(pages);
    expect(served).toHaveLength(2);
  });

  test("that goes gives everything back, and gets it again when it comes back", async () => {
    const host = await scene.started(server, pages);
    await host.unload("server");
    expect(served).toEqual([]);
    expect(host.status()).toMatchObject([{ name: "pages", state: "started" }]);
    await host.load(server);
    expect(served).toHaveLength(2);
  });

  test("that comes back and does not take a contribution any more is not asked to give it back", async () => {
    let refuses = false;
    let givenBack = 0;
    const moody = plugin("moody", (ctx) => {
      ctx.offer(routes, () => {
        if (refuses) throw new Error("not now");
        return () => {
          givenBack += 1;
        };
      });
    });
    const host = await scene.started(
      moody,
      plugin("page", (ctx) => void ctx.contribute(routes, { path: "/one" })),
    );
    await host.unload("moody");
    refuses = true;
    await host.load(moody);
    await host.unload("page");
    expect(givenBack).toBe(1);
  });

  test("is told of a single contribution that is taken back, once", async () => {
    const undo: (() => void)[] = [];
    const host = await scene.started(
      server,
      plugin("page", (ctx) => void undo.push(ctx.contribute(routes, { path: "/one" }))),
      pages,
    );
    for (const dispose of [...undo, ...undo]) dispose();
    expect(served).toEqual(["/one of pages@1.0.0", "/two of pages@1.0.0"]);
    await host.unload("page");
    expect(served).toHaveLength(2);
  });

  test("that does not take a contribution makes the contributor fail, and names both", async () => {
    const host = await scene.started(
      server,
      plugin("bad", (ctx) => void ctx.contribute(routes, { path: "/taken" })),
      pages,
    );
    expect(host.status()[1]).toMatchObject({
      state: "failed",
      error: {
        message:
          "Plugin bad@1.0.0 failed in setup: Extension server/routes of server@1.0.0 does not take what bad@1.0.0 contributes: this path is taken",
      },
    });
    expect(served).toHaveLength(2);
  });

  test("that does not take an earlier contribution is served the others all the same, and it is logged", async () => {
    const host = await scene.started(
      plugin("bad", (ctx) => void ctx.contribute(routes, { path: "/taken" })),
      pages,
      server,
    );
    expect(served).toHaveLength(2);
    expect(scene.lines).toMatchObject([
      {
        level: "error",
        message: expect.stringMatching(/server@1\.0\.0 does not take what bad@/),
        fields: { plugin: "bad" },
      },
    ]);
    await host.stop();
    expect(scene.lines).toHaveLength(1);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("stuck");
      },
    ],
    ["rejects", () => Promise.reject(new Error("stuck"))],
  ])("whose giving back %s is blamed, and the contributor goes all the same", async (_how, giveBack) => {
    const host = await scene.started(
      plugin("sticky", (ctx) => void ctx.offer(routes, () => giveBack)),
      pages,
    );
    await host.unload("pages");
    await settled();
    expect(host.status().map(({ name }) => name)).toEqual(["sticky"]);
    expect(scene.lines).toMatchObject([
      { message: expect.stringContaining("sticky@1.0.0 failed while it gave back"), fields: { plugin: "sticky" } },
      { fields: { plugin: "sticky" } },
    ]);
  });

  test("gets each contribution once, though some are made and taken back while it takes the others", async () => {
    const received: string[] = [];
    const undo: (() => void)[] = [];
    let again: () => void = () => undefined;
    const contribute = (ctx: PluginContext<unknown>, path: string): void =>
      void undo.push(ctx.contribute(routes, { path }));
    const host = await scene.started(
      plugin("pages", (ctx) => {
        for (const path of ["/one", "/two"]) contribute(ctx, path);
        again = () => contribute(ctx, "/three");
      }),
    );
    await host.load(
      plugin("server", (ctx) => {
        ctx.offer(routes, ({ path }) => {
          received.push(path);
          if (path === "/one") {
            again();
            undo[1]?.();
          }
          return () => received.push(`-${path}`);
        });
      }),
    );
    await host.unload("pages");
    expect(received).toEqual(["/one", "/three", "-/three", "-/one"]);
  });

  test("belongs to one plugin: the second one fails, and both are named", async () => {
    const host = await scene.started(
      server,
      plugin("rival", (ctx) => void ctx.offer(routes, () => undefined)),
      pages,
    );
    expect(host.status()[1]).toMatchObject({
      state: "failed",
      error: {
        message: expect.stringMatching(/rival@1\.0\.0 offers server\/routes, which server@1\.0\.0 offers already/),
      },
    });
    expect(served).toHaveLength(2);
  });

  test("is received as code of the plugin that offers it", async () => {
    const entered: string[] = [];
    scene = new PluginScene({
      scope: {
        run: ({ name }, callback, code) => {
          entered.push(`${name}: ${callback}`);
          return code();
        },
      },
    });
    const host = await scene.started(server, pages);
    await host.unload("pages");
    expect(entered.filter((line) => line.includes("receiver"))).toEqual(
      Array.from({ length: 4 }, () => "server: receiver of server/routes"),
    );
  });
});

describe("a service", () => {
  const time = plugin("time", (ctx) => void ctx.provide(now, () => 7));

  test("is there for a plugin that requires the one that provides it", async () => {
    const seen: number[] = [];
    const setup = (ctx: PluginContext<unknown>): void => void seen.push(ctx.service(now)());
    await scene.started(definePlugin({ name: "user", version: "1.0.0", requires: { time: "*" }, setup }), time);
    expect(seen).toEqual([7]);
  });

  test("that no started plugin provides is missing, and the message says what to do", async () => {
    const host = await scene.started(
      plugin("user", (ctx) => void ctx.service(now)),
      time,
    );
    expect(host.status()[0]).toMatchObject({
      state: "failed",
      error: {
        message: expect.stringMatching(
          /user@1\.0\.0 asks for the service time\/now, which no started plugin provides\. .* list that plugin in `requires`/,
        ),
      },
    });
  });

  test("of a plugin that failed is gone", async () => {
    const host = await scene.started(
      plugin("broken", (ctx) => {
        ctx.provide(now, () => 7);
        throw new Error("no");
      }),
      time,
    );
    expect(host.status().map(({ state }) => state)).toEqual(["failed", "started"]);
  });

  test("of a plugin that is being set up or stopped is missing, so that nobody holds what is gone", async () => {
    const codes: (string | undefined)[] = [];
    const users = new Map<string, PluginContext<unknown>>();
    const take = (who: string): void => {
      try {
        codes.push(`${who} ${users.get(who)?.service(now)()}`);
      } catch (error) {
        codes.push(`${who} ${error instanceof HookwrightError ? error.code : error}`);
      }
    };
    const keep = (name: string) => plugin(name, (ctx) => void users.set(name, ctx));
    const host = await scene.started(keep("user"), keep("late"));
    const time = definePlugin({
      name: "time",
      version: "1.0.0",
      setup(ctx) {
        ctx.provide(now, () => 7);
        codes.push(`own ${ctx.service(now)()}`);
        take("user");
      },
      stop: () => take("late"),
    });
    await host.load(time);
    take("user");
    const leaving = definePlugin({
      name: "leaving",
      version: "1.0.0",
      setup: (ctx) => void ctx.service(now),
      stop: () => take("late"),
    });
    await host.load(leaving);
    await host.unload("time", { dependents: true });
    // The one that took it while the first dependent was stopped is stopped as well.
    expect(codes).toEqual(["own 7", "user service_missing", "user 7", "late 7", "late lifecycle_invalid"]);
    expect(host.status().map(({ name, state }) => `${name} ${state}`)).toEqual([
      "user waiting",
      "late waiting",
      "leaving waiting",
    ]);
  });

  test("is not taken any more while its plugin stops", async () => {
    let code = "none";
    let user: PluginContext<unknown> | undefined;
    const stop = (): void => {
      try {
        user?.service(now);
      } catch (error) {
        code = error instanceof HookwrightError ? error.code : "unknown";
      }
    };
    const host = await scene.started(
      definePlugin({ name: "time", version: "1.0.0", setup: (ctx) => void ctx.provide(now, () => 7), stop }),
      plugin("user", (ctx) => {
        user = ctx;
      }),
    );
    await host.unload("time");
    expect(code).toBe("service_missing");
    expect(host.status()).toMatchObject([{ name: "user", state: "started", uses: [] }]);
  });

  test("has one provider: the second one fails, and both are named", async () => {
    const host = await scene.started(
      time,
      plugin("sundial", (ctx) => void ctx.provide(now, () => 8)),
    );
    expect(host.status()[1]).toMatchObject({
      state: "failed",
      error: {
        message: expect.stringMatching(/sundial@1\.0\.0 provides time\/now, which time@1\.0\.0 provides already/),
      },
    });
  });
});

describe("a token", () => {
  test("means the same in two copies of the package that exports it", async () => {
    const copy = defineExtension<Route>("server/routes");
    expect(copy).not.toBe(routes);
    await scene.started(
      server,
      plugin("other", (ctx) => void ctx.contribute(copy, { path: "/other" })),
    );
    expect(served).toEqual(["/other of other@1.0.0"]);
    expect(defineService("time/now").key).toBe(now.key);
    expect(defineService("server/routes").key).not.toBe(routes.key);
  });

  test.each(["routes", "", "Server/routes", "server/", "/routes", "a/b/c", "server/rou tes", `a/${"b".repeat(130)}`])(
    "is not %j",
    (id) => {
      expect(() => defineExtension(id)).toThrow(expect.objectContaining({ code: "definition_invalid" }));
      expect(() => defineService(id)).toThrow(/plugin's name and a word, such as server\/routes/);
    },
  );

  test("may have a scope", () => {
    expect(defineExtension("@acme/billing/rates").id).toBe("@acme/billing/rates");
  });

  test.each([undefined, null, "server/routes", {}, { key: "x", kind: "service" }, now])(
    "of another kind is refused: %o is no extension",
    async (none) => {
      const host = await scene.started(
        plugin("a", (ctx) => void ctx.offer(none as never, () => undefined)),
        plugin("b", (ctx) => void ctx.contribute(none as never, undefined as never)),
      );
      for (const { error } of host.status())
        expect(error?.message).toMatch(/must be a token made with defineExtension/);
    },
  );

  test("offered without a receiver is refused", async () => {
    const host = await scene.started(plugin("a", (ctx) => void ctx.offer(routes, undefined as never)));
    expect(host.status()[0]?.error?.message).toMatch(/offers server\/routes without a function/);
  });
});
