/** What makes signing secrets and knows which texts are some. */
export interface SecretScheme {
  /** For people: `standard-webhooks-v1`. */
  readonly name: string;
  /** The header that it signs with, without which nothing leaves for a webhook with a secret; `webhook-signature` when absent. */
  readonly header?: string;
  /** A new random secret, as the receiver is to be given it. */
  generate(): string;
  /** What is wrong with a secret that a user gave, in one sentence that does not repeat it; `undefined` when nothing is. */
  problem(secret: string): string | undefined;
}
