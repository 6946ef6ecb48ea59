import { createHash, randomBytes } from "node:crypto";
import type { AccessStore, AccessToken } from "@hookwright/core";
import { RequestProblem } from "./request-problem.js";

/** 240 bits: nobody guesses one, and 30 bytes fill their base64 without padding. */
const randomLength = 30;

/** Tells scanners for leaked secrets whose token it is. */
const prefix = "hwk_";

/** A new random token value. It is shown once; what is kept is {@link hashToken} of it. */
export function makeToken(): string {
  return `${prefix}${randomBytes(randomLength).toString("base64url")}`;
}

/** What the store keeps of a token's value: SHA-256, in lower-case hex. */
export function hashToken(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

/**
 * Finds the token of an `Authorization: Token <value>` or `Authorization: Bearer <value>` header. The value is hashed and
 * looked up whole, so the time tells nothing about how much of a guess was right.
 *
 * @throws RequestProblem `no_credentials` or `bad_credentials`, in the words of Django REST framework.
 */
export async function authenticate(header: string | undefined, access: AccessStore): Promise<AccessToken> {
  const [scheme = "", value, ...rest] = (header ?? "").trim().split(/\s+/);
  if (!/^(?:token|bearer)$/i.test(scheme))
    throw new RequestProblem("no_credentials", "Authentication credentials were not provided.");
  if (value === undefined)
    throw new RequestProblem("bad_credentials", "Invalid token header. No credentials provided.");
  if (rest.length > 0) {
    throw new RequestProblem("bad_credentials", "Invalid token header. Token string should not contain spaces.");
  }
  const token = await access.find(hashToken(value));
  if (token === undefined) throw new RequestProblem("bad_credentials", "Invalid token.");
  return token;
}
