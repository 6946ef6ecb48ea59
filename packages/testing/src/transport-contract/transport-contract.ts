import type { WireRequest } from "@hookwright/core";
import { describe, expect, test } from "vitest";
import type { TransportContractOptions, TransportScene } from "./transport-scene.js";

/**
 * The law of every transport, as far as those who send through it rely on it: the real one and a double in its place obey it alike.
 * What happens on the wire is the real one's own business, and is tested there. Call it in a test file.
 *
 * @example
 * ```ts
 * import { answered, ScriptedTransport, transportContract, unreachable } from "@hookwright/testing";
 *
 * transportContract({
 *   name: "scripted",
 *   open: async () => {
 *     const transport = new ScriptedTransport();
 *     return {
 *       transport,
 *       url: "http://receiver.example/",
 *       expect: (...turns) => {
 *         for (const turn of turns) {
 *           if (turn === "hold") transport.script("hold");
 *           else if (turn === "hang-up") transport.script(unreachable("connection_failed"));
 *           else {
 *             const { status, retryAfter, body = "", headers } = turn;
 *             transport.script((request) => {
 *               const wanted = request.wantedHeaders === undefined ? {} : { headers: { ...headers } };
 *               return answered(status, { retryAfter, excerpt: body, ...wanted });
 *             });
 *           }
 *         }
 *       },
 *       get received() {
 *         return transport.requests.map(({ body }) => body);
 *       },
 *       get methods() {
 *         return transport.requests.map(({ method = "POST" }) => method);
 *       },
 *       arrived: (count) => transport.sent(count),
 *       dispose: () => transport.close(),
 *     };
 *   },
 * });
 * ```
 */
export function transportContract({ name, open }: TransportContractOptions): void {
  const law = (title: string, run: (scene: TransportScene) => Promise<void>): void => {
    test(title, async () => {
      const scene = await open();
      try {
        await run(scene);
      } finally {
        await scene.dispose();
      }
    });
  };

  describe(`transport contract: ${name}`, () => {
    law("an answer is its status, its Retry-After and the start of its body", async (scene) => {
      scene.expect({ status: 429, retryAfter: "120", body: "slow down" });
      expect(await scene.transport.send(requestTo(scene))).toEqual({
        kind: "answered",
        status: 429,
        retryAfter: "120",
        excerpt: "slow down",
        bodyError: undefined,
      });
    });

    law(
      "a request is a POST unless it is an OPTIONS, and tells those headers of the answer that it wants",
      async (scene) => {
        const headers = { "webhook-allowed-origin": "*" };
        scene.expect({ status: 200, headers }, { status: 200, headers });
        const asked = { ...requestTo(scene, new Uint8Array()), wantedHeaders: ["webhook-allowed-origin"] };
        expect(await scene.transport.send({ ...asked, method: "OPTIONS" })).toMatchObject({ status: 200, headers });
        expect(await scene.transport.send(requestTo(scene))).not.toHaveProperty("headers");
        expect(scene.methods).toEqual(["OPTIONS", "POST"]);
      },
    );

    law("every status is an answer, and a redirect is not followed", async (scene) => {
      const statuses = [200, 204, 302, 307, 404, 410, 500, 503];
      scene.expect(...statuses.map((status) => ({ status, location: scene.url })));
      for (const status of statuses) {
        expect(await scene.transport.send(requestTo(scene))).toMatchObject({ kind: "answered", status });
      }
      expect(scene.received).toHaveLength(statuses.length);
    });

    law("the bytes that were given are the bytes that arrive, and the request stays as it was", async (scene) => {
      scene.expect({ status: 200 });
      const request = requestTo(scene, Buffer.from([0x7b, 0x00, 0xff, 0x7d]));
      const before = structuredClone(request);
      await scene.transport.send(request);
      expect(scene.received.map((body) => [...body])).toEqual([[0x7b, 0x00, 0xff, 0x7d]]);
      expect(structuredClone(request)).toEqual(before);
    });

    law(
      "a receiver that hangs up is an outcome with a code and one line of reason, not an exception",
      async (scene) => {
        scene.expect("hang-up");
        expect(await scene.transport.send(requestTo(scene))).toMatchObject({
          kind: "unreachable",
          code: "connection_failed",
          reason: expect.stringMatching(/^[^\n]+$/) as unknown,
        });
      },
    );

    law("requests at the same time get each an answer", async (scene) => {
      scene.expect(...Array.from({ length: 20 }, () => ({ status: 200 })));
      const sends = Array.from({ length: 20 }, () => scene.transport.send(requestTo(scene)));
      for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ kind: "answered", status: 200 });
      expect(scene.received).toHaveLength(20);
    });

    law("close interrupts what is under way, and what is sent afterwards; it may be called again", async (scene) => {
      scene.expect("hold", "hold");
      const sends = [scene.transport.send(requestTo(scene)), scene.transport.send(requestTo(scene))];
      await scene.arrived(2);
      await scene.transport.close();
      expect(await Promise.all(sends)).toEqual([{ kind: "interrupted" }, { kind: "interrupted" }]);
      expect(await scene.transport.send(requestTo(scene))).toEqual({ kind: "interrupted" });
      expect(scene.received).toHaveLength(2);
      await scene.transport.close();
    });
  });
}

function requestTo({ url }: TransportScene, body: Uint8Array = Buffer.from("{}")): WireRequest {
  return { url, headers: { "content-type": "application/json" }, body, timeout: 10_000 };
}
