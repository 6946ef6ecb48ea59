import { expect, test } from "vitest";
import { ManualClock } from "../manual-clock.js";
import { transportContract } from "../transport-contract/transport-contract.js";
import type { ReceiverTurn, TransportScene } from "../transport-contract/transport-scene.js";
import { startReceiver } from "./real-receiver.js";
import type { ReceiverScript } from "./received-request.js";
import { ReceiverRecord } from "./receiver-record.js";
import { ReceiverTransport } from "./receiver-transport.js";

transportContract({ name: "a test host's transport, to scripted receivers", open: openScripted });
transportContract({ name: "a test host's transport, to real receivers", open: openReal });

test("no other address is reached", async () => {
  const transport = new ReceiverTransport(new ManualClock());
  for (const url of ["https://example.com/hook", "http://10.0.0.1/", "http://127.0.0.1.example.com/"]) {
    const outcome = await transport.send({ url, headers: {}, body: new Uint8Array(), timeout: 1_000 });
    expect(outcome).toMatchObject({ kind: "unreachable", code: "dns_failed" });
  }
  await transport.close();
});

test("a scripted receiver that says nothing is given up when the time of the test says so", async () => {
  const clock = new ManualClock();
  const transport = new ReceiverTransport(clock);
  transport.add("https://receiver.test/", new ReceiverRecord(["no-answer"]));
  const sending = transport.send({
    url: "https://receiver.test/",
    headers: {},
    body: new Uint8Array(),
    timeout: 1_000,
  });
  clock.advance(1_000);
  expect(await sending).toMatchObject({ kind: "unreachable", code: "timeout" });
  await transport.close();
});

async function openScripted(): Promise<TransportScene> {
  const transport = new ReceiverTransport(new ManualClock());
  const record = new ReceiverRecord();
  const url = "https://receiver.test/hook";
  transport.add(url, record);
  return sceneOf({ transport, url, receiver: record, close: async () => undefined });
}

async function openReal(): Promise<TransportScene> {
  const transport = new ReceiverTransport(new ManualClock());
  const receiver = await startReceiver();
  return sceneOf({ transport, url: receiver.url, receiver, close: () => receiver.close() });
}

interface SceneParts {
  readonly transport: ReceiverTransport;
  readonly url: string;
  readonly receiver: Pick<ReceiverRecord, "answer" | "arrived" | "received">;
  readonly close: () => Promise<void>;
}

function sceneOf({ transport, url, receiver, close }: SceneParts): TransportScene {
  return {
    transport,
    url,
    expect: (...turns) => receiver.answer(...turns.map(answerOf)),
    get received() {
      return receiver.received.map(({ body }) => body);
    },
    get methods() {
      return receiver.received.map(({ method }) => method);
    },
    arrived: (count) => receiver.arrived(count),
    dispose: async () => {
      await transport.close();
      await close();
    },
  };
}

function answerOf(turn: ReceiverTurn): ReceiverScript {
  if (turn === "hold") return "no-answer";
  if (turn === "hang-up") return turn;
  const { status, retryAfter, location, body = "", headers: others } = turn;
  const headers = {
    ...others,
    ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    ...(location === undefined ? {} : { location }),
  };
  return { status, headers, body: status === 204 ? "" : body };
}
