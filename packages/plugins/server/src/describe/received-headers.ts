import type { JsonSchema } from "@hookwright/core";

interface ReceivedHeader {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example: string;
  /** Only some webhooks' messages have it. */
  readonly optional?: true;
}

/** The headers that every message comes with, beside those that the webhook's owner set. */
export const receivedHeaders: Readonly<Record<string, ReceivedHeader>> = {
  "webhook-id": {
    description: "The message: the same over all attempts, so that a receiver knows what it has taken already.",
    schema: { type: "string", pattern: "^msg_" },
    example: "msg_01m7zqdftf3n481c2m3qvh2nt2",
  },
  "webhook-timestamp": {
    description: "When this attempt was made, in seconds since 1970.",
    schema: { type: "string", pattern: "^[0-9]+$" },
    example: "1784542272",
  },
  "webhook-signature": {
    description:
      "Where the webhook has a secret: a signature by each secret that is valid, as in Standard Webhooks, the newest first.",
    schema: { type: "string", pattern: "^v1a?," },
    example: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    optional: true,
  },
  "WebHook-Request-Origin": {
    description: "Where the receiver was asked for its consent: the DNS name of the sender.",
    schema: { type: "string" },
    example: "hooks.example.com",
    optional: true,
  },
  "User-Agent": {
    description: "The sender and its version.",
    schema: { type: "string" },
    example: "Hookwright/1.0.0",
  },
};
