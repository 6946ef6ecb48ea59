import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { OrganizationId, Webhooks } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { answerOf, type ErrorAnswer } from "../error-envelope.js";
import { RequestProblem } from "../request-problem.js";
import type { ApiPorts } from "./api-ports.js";
import { BatchRefusals } from "./batch-refusals.js";
import { organizationOf } from "./caller.js";
import { emitInput, readEventInput } from "./event-input.js";
import { emitBatchSchema } from "./event-schemas.js";
import { bodyBytes, mediaType, readJsonObject, wrongMediaType } from "./request-body.js";
import { serveResource } from "./resource.js";

const ndjson = "application/x-ndjson";

/** Lines that are stored together; as many as core puts into one transaction. */
const groupSize = 256;

/** Each is answered, be it a single letter: the answer stays within some times the body. */
const mostLines = 10_000;

const lineEnd = 0x0a;

/** `POST /api/events/batch/`: one event a line, one answer a line. */
export function eventBatchRoutes(app: FastifyInstance, ports: ApiPorts): void {
  serveResource(app, {
    path: "/api/events/batch/",
    name: "Event Batch",
    parses: [ndjson],
    operations: {
      POST: {
        schema: emitBatchSchema,
        handle: async (request, reply) => {
          const body = bodyBytes(request);
          if (body.length > 0 && mediaType(request) !== ndjson) throw wrongMediaType(request);
          refuseMany(body);
          const groups = groupsOf(linesOf(body));
          const refusals = new BatchRefusals(organizationOf(request), ports);
          const batch: Batch = { organization: organizationOf(request), hooks: ports.hooks, refusals };
          const first = groups.next();
          const begun = first.done === true ? [] : await storeGroup(first.value, batch);
          refuseAll(begun, refusals);
          return reply.type(ndjson).send(Readable.from(answerGroups(begun, groups, batch)));
        },
      },
    },
  });
}

interface Batch {
  readonly organization: OrganizationId;
  readonly hooks: Webhooks;
  readonly refusals: BatchRefusals;
}

/** @throws RequestProblem `too_large`, before anything is stored. */
function refuseMany(body: Buffer): void {
  let lines = 1;
  for (let at = body.indexOf(lineEnd); at >= 0 && at < body.length - 1; at = body.indexOf(lineEnd, at + 1)) {
    lines += 1;
    if (lines > mostLines)
      throw new RequestProblem("too_large", "A batch holds at most 10,000 lines: send the rest in another one.");
  }
}

/** What became of one line. */
interface LineAnswer {
  readonly text: string;
  readonly refusal: { readonly answer: ErrorAnswer; readonly error: unknown } | undefined;
}

/**
 * A batch of which nothing can be stored, since the service is busy or its disk is full, is refused as a single event is: with
 * the status that says so. @throws what the lines were refused with.
 */
function refuseAll(first: readonly LineAnswer[], told: BatchRefusals): void {
  const refusals = first.map(({ refusal }) => refusal);
  const [refusal] = refusals;
  if (refusal === undefined || !refusals.every((each) => each !== undefined && each.answer.status > 500)) return;
  told.end(first.length);
  throw refusal.error;
}

/**
 * Answers in the order of the lines, each once its event is on disk. One group is being stored while the answers of the one
 * before it are read: a caller who reads slowly slows himself, and memory holds two groups and no more.
 */
async function* answerGroups(
  begun: readonly LineAnswer[],
  groups: Iterable<readonly Buffer[]>,
  batch: Batch,
): AsyncGenerator<string> {
  let stored = Promise.resolve(begun);
  let lines = begun.length;
  try {
    for (const group of groups) {
      const storing = storeGroup(group, batch);
      lines += group.length;
      yield textOf(await stored);
      stored = storing;
    }
    yield textOf(await stored);
  } finally {
    batch.refusals.end(lines);
  }
}

function textOf(answers: readonly LineAnswer[]): string {
  return answers.map(({ text }) => text).join("");
}

function storeGroup(lines: readonly Buffer[], batch: Batch): Promise<readonly LineAnswer[]> {
  return Promise.all(lines.map((line) => answerLine(line, batch)));
}

/** Never rejects: a line that is refused does not stop the others. */
async function answerLine(line: Buffer, { organization, hooks, refusals }: Batch): Promise<LineAnswer> {
  try {
    const receipt = await emitInput(hooks, organization, readEventInput(readJsonObject(line)));
    return { text: `${JSON.stringify({ status: 202, ...receipt })}\n`, refusal: undefined };
  } catch (error) {
    const answer = answerOf(error, randomUUID());
    refusals.add(answer, error);
    const text = `${JSON.stringify({ status: answer.status, ...answer.envelope })}\n`;
    return { text, refusal: { answer, error } };
  }
}

/** The lines that hold anything. Each is copied: a message that waits must not keep the whole body in memory. */
function* linesOf(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(lineEnd, start);
    const end = found < 0 ? body.length : found;
    const line = body.subarray(start, end);
    if (line.some((byte) => byte > 0x20)) yield Buffer.from(line);
    start = end + 1;
  }
}

function* groupsOf(lines: Iterable<Buffer>): Generator<readonly Buffer[]> {
  let group: Buffer[] = [];
  for (const line of lines) {
    group.push(line);
    if (group.length < groupSize) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
