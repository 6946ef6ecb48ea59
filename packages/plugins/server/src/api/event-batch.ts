import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { OrganizationId } from "@hookwright/core";
import type { FastifyInstance } from "fastify";
import { answerOf } from "../error-envelope.js";
import { logError } from "../error-log.js";
import type { ApiPorts } from "./api-ports.js";
import { organizationOf } from "./caller.js";
import { emitInput, readEventInput } from "./event-input.js";
import { emitBatchSchema } from "./event-schemas.js";
import { bodyBytes, mediaType, readJsonObject, wrongMediaType } from "./request-body.js";
import { serveResource } from "./resource.js";

const ndjson = "application/x-ndjson";

/** Lines that are stored together; as many as core puts into one transaction. */
const groupSize = 256;

/** `POST /api/events/batch/`: one event a line, one answer a line. */
export function eventBatchRoutes(app: FastifyInstance, ports: ApiPorts): void {
  serveResource(app, {
    path: "/api/events/batch/",
    name: "Event Batch",
    parses: [ndjson],
    operations: {
      POST: {
        schema: emitBatchSchema,
        handle: (request, reply) => {
          const body = bodyBytes(request);
          if (body.length > 0 && mediaType(request) !== ndjson) throw wrongMediaType(request);
          const answers = answerLines(linesOf(body), (line) => answerLine(line, organizationOf(request), ports));
          return reply.type(ndjson).send(Readable.from(answers));
        },
      },
    },
  });
}

/**
 * Answers in the order of the lines, each once its event is on disk. One group is being stored while the answers of the one
 * before it are read: a caller who reads slowly slows himself, and memory holds two groups and no more.
 */
async function* answerLines(
  lines: Iterable<Buffer>,
  answer: (line: Buffer) => Promise<string>,
): AsyncGenerator<string> {
  let stored: Promise<readonly string[]> | undefined;
  for (const group of groupsOf(lines)) {
    const storing = Promise.all(group.map(answer));
    if (stored !== undefined) yield (await stored).join("");
    stored = storing;
  }
  if (stored !== undefined) yield (await stored).join("");
}

/** Never rejects: a line that is refused does not stop the others. */
async function answerLine(line: Buffer, organization: OrganizationId, { hooks, logger }: ApiPorts): Promise<string> {
  try {
    const receipt = await emitInput(hooks, organization, readEventInput(readJsonObject(line)));
    return `${JSON.stringify({ status: 202, ...receipt })}\n`;
  } catch (error) {
    const answer = answerOf(error, randomUUID());
    logError(logger, answer, error);
    return `${JSON.stringify({ status: answer.status, ...answer.envelope })}\n`;
  }
}

/** The lines that hold anything. Each is copied: a message that waits must not keep the whole body in memory. */
function* linesOf(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(0x0a, start);
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
