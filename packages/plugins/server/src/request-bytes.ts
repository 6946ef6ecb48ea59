import type { FastifyRequest } from "fastify";
import type { RequestLoad } from "./request-load.js";
import { RequestProblem } from "./request-problem.js";

/**
 * Reads a body whole, as bytes: at most `maxBody` and what the route allows, and only while the service has room for it.
 *
 * @throws RequestProblem `too_large`, `overloaded`, or `unreadable` when the sender went away in the middle.
 */
export async function readBytes(request: FastifyRequest, maxBody: number): Promise<Buffer> {
  const { raw, load } = request;
  const declared = Number(request.headers["content-length"] ?? 0);
  const { bodyLimit } = request.routeOptions;
  const limit: Limit =
    bodyLimit !== undefined && bodyLimit < maxBody
      ? { bytes: bodyLimit, text: `The request body is larger than the ${bodyLimit} bytes that this route reads.` }
      : { bytes: maxBody, text: "The request body is larger than HOOKWRIGHT_MAX_BODY allows." };
  try {
    if (declared > limit.bytes) throw tooLarge(limit);
    load?.refuseBody(declared);
    return await gather(request, { limit, load });
  } catch (error) {
    // Many clients send all of it before they read, and would see a broken pipe in place of the answer if the connection was
    // closed: so the rest is read and thrown away, within the time of a request.
    raw.resume();
    throw error;
  }
}

interface Limit {
  readonly bytes: number;
  readonly text: string;
}

function gather(
  { raw }: FastifyRequest,
  { limit, load }: { readonly limit: Limit; readonly load: RequestLoad | null },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const settle = (end: () => void): void => {
      raw.off("data", take).off("end", finish).off("error", broken).off("close", broken);
      end();
    };
    const take = (piece: Buffer): void => {
      length += piece.length;
      if (length > limit.bytes) return settle(() => reject(tooLarge(limit)));
      try {
        load?.read(piece.length);
        pieces.push(piece);
      } catch (error) {
        settle(() => reject(error));
      }
    };
    // A copy in any case: pieces are views of a larger buffer.
    const finish = (): void => settle(() => resolve(Buffer.concat(pieces, length)));
    const broken = (): void =>
      settle(() => reject(new RequestProblem("unreadable", "The body did not come in whole.")));
    raw.on("data", take).once("end", finish).once("error", broken).once("close", broken);
  });
}

function tooLarge({ text }: Limit): RequestProblem {
  return new RequestProblem("too_large", text);
}
