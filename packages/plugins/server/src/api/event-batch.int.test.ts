import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, ApiRig, type Parsed } from "../api-rig.test.support.js";
import { Receiver } from "../receiver.test.support.js";

describe("POST /api/events/batch/", () => {
  let api: ApiRig;

  beforeAll(async () => {
    api = await ApiRig.start();
  });
  afterAll(() => api.stop());

  const ndjson = { "content-type": "application/x-ndjson" };

  async function batch(body: string | Buffer): Promise<readonly Parsed[]> {
    const answer: ApiAnswer = await api.post("/api/events/batch/", body, { headers: ndjson });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/x-ndjson");
    if (answer.text === "") return [];
    expect(answer.text.endsWith("\n")).toBe(true);
    return answer.text
      .trimEnd()
      .split("\n")
      .map((line): Parsed => JSON.parse(line));
  }

  function line(id: number, more: Readonly<Record<string, unknown>> = {}): string {
    return JSON.stringify({ action: "TASKS_CREATED", project: 12, payload: { tasks: [{ id }] }, ...more });
  }

  test("a bad line does not stop the others, and each is answered in its place", async () => {
    const answers = await batch(
      [
        line(1),
        "",
        "{broken",
        "   \t\r",
        "[]",
        line(2, { action: "NOPE" }),
        `${line(3)}\r`,
        line(4, { payload: { tasks: 5 } }),
        line(5),
      ].join("\n"),
    );
    expect(answers.map((answer) => answer["status"])).toEqual([202, 400, 400, 400, 202, 400, 202]);
    expect(Object.keys(answers[0] ?? {})).toEqual(["status", "id", "action", "deliveries", "duplicate"]);
    expect(Object.keys(answers[2] ?? {})).toEqual([
      "status",
      "id",
      "status_code",
      "version",
      "detail",
      "exc_info",
      "validation_errors",
    ]);
    expect(answers[1]).toMatchObject({ detail: expect.stringMatching(/^JSON parse error - /) });
    expect(answers[2]).toMatchObject({
      validation_errors: { non_field_errors: ["Invalid data. Expected a dictionary, but got list."] },
    });
    expect(answers[3]).toMatchObject({ validation_errors: { action: [expect.stringMatching(/No event/)] } });
    expect(answers[5]).toMatchObject({
      validation_errors: { payload: ["/tasks: expected array, found the number 5"] },
    });
    const ids = answers.map((answer) => answer["id"]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const refused of answers.filter((answer) => String(answer["status"]) === "400")) {
      expect(api.log.some(({ message }) => message.startsWith(String(refused["id"])))).toBe(true);
    }
  });

  test("thousands of lines are answered in order", async () => {
    const count = 3_000;
    const lines = Array.from({ length: count }, (_, id) => (id % 7 === 3 ? "{}" : line(id, { id: `key-${id}` })));
    const answers = await batch(lines.join("\n"));
    expect(answers).toHaveLength(count);
    expect(answers.map((answer) => Number(answer["status"]))).toEqual(lines.map((text) => (text === "{}" ? 400 : 202)));
    const again = await batch(lines.toReversed().join("\n"));
    expect(again.toReversed().map((answer) => answer["duplicate"])).toEqual(
      lines.map((text) => (text === "{}" ? undefined : true)),
    );
    const accepted = answers.filter((answer) => String(answer["status"]) === "202");
    const repeated = again.toReversed().filter((answer) => String(answer["status"]) === "202");
    expect(repeated.map((answer) => answer["id"])).toEqual(accepted.map((answer) => answer["id"]));
  });

  test("equal ids in one batch are one message, an id with other content is refused", async () => {
    const answers = await batch([line(1, { id: "x" }), line(1, { id: "x" }), line(2, { id: "x" })].join("\n"));
    expect(answers.map((answer) => answer["status"])).toEqual([202, 202, 409]);
    expect(answers[1]).toMatchObject({ duplicate: true, id: answers[0]?.["id"] });
  });

  test("payloads arrive byte for byte", async () => {
    const target = await Receiver.listen();
    const { json } = await api.post("/api/webhooks/", { url: target.url, project: 77 });
    const payloads = ['{"tasks":[], "n":9007199254740993}', '{"tasks":[],"n":1.0}'];
    const body = payloads.map((payload) => `{"action":"TASKS_CREATED","project":77,"payload":${payload}}\n`).join("");
    expect((await batch(body)).map((answer) => answer["deliveries"])).toEqual([1, 1]);
    await target.received(2);
    const bodies = target.requests.map((received) => received.body.toString()).sort();
    expect(bodies).toEqual(
      [
        '{"action":"TASKS_CREATED","tasks":[], "n":9007199254740993,"project":{"id":77}}',
        '{"action":"TASKS_CREATED","tasks":[],"n":1.0,"project":{"id":77}}',
      ].sort(),
    );
    await api.call("DELETE", `/api/webhooks/${json["id"]}/`);
    await target.close();
  });

  test("bytes that are no UTF-8 spoil their line only", async () => {
    const answers = await batch(
      Buffer.concat([Buffer.from(`${line(1)}\n`), Buffer.from([0x7b, 0xff, 0x0a]), Buffer.from(line(2))]),
    );
    expect(answers.map((answer) => answer["status"])).toEqual([202, 400, 202]);
  });

  test("nothing is answered with nothing", async () => {
    expect(await batch("\n\n  \n")).toEqual([]);
    expect((await api.post("/api/events/batch/")).status).toBe(200);
  });

  test("413 for a batch over the limit, and nothing of it is stored", async () => {
    const body = `${line(1, { id: "first of many" })}\n`.padEnd(1_000_001, " ");
    expect((await api.post("/api/events/batch/", body, { headers: ndjson })).status).toBe(413);
    expect((await batch(line(1, { id: "first of many" })))[0]).toMatchObject({ duplicate: false });
  });

  test("413 for more than 10,000 lines, and nothing of them is stored", async () => {
    const first = line(1, { id: "first of too many" });
    for (const rest of ["x\n".repeat(10_000), "\n".repeat(10_001)]) {
      const answer = await api.post("/api/events/batch/", `${first}\n${rest}`, { headers: ndjson });
      expect(answer).toMatchObject({ status: 413, json: { detail: expect.stringContaining("10,000 lines") } });
    }
    expect((await batch(first))[0]).toMatchObject({ duplicate: false });
  });

  test("the log counts what was refused of a batch in one line", async () => {
    const before = api.log.length;
    expect(await batch(`${line(1)}\n${"x\n".repeat(300)}`)).toHaveLength(301);
    const told = api.log.slice(before).filter(({ level }) => level !== "debug");
    expect(told).toEqual([
      {
        level: "info",
        message: "300 of 301 lines of a batch were refused",
        fields: { organization: 1, refused: 300, failed: 0 },
      },
    ]);
  });

  test("415 for JSON", async () => {
    expect((await api.post("/api/events/batch/", {})).status).toBe(415);
  });
});
