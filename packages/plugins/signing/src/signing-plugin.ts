import {
  type ConfiguredPlugin,
  definePlugin,
  type Middleware,
  type SecretScheme,
  type SigningSecret,
  secretScheme,
  version,
} from "@hookwright/core";
import { generateSecret } from "./generate.js";
import { contentOf, signatureHeader } from "./sign.js";
import { problemOf, readSigningKey, type SigningKey } from "./signing-key.js";

const scheme: SecretScheme = { name: "standard-webhooks", generate: generateSecret, problem: problemOf };

const plugin = definePlugin({
  name: "signing",
  version,
  essential: true,
  setup(ctx) {
    ctx.provide(secretScheme, scheme);
    ctx.use("sign", signer(), { name: "signature", required: true });
  },
});

/**
 * The plugin that signs what is sent to webhooks that have a secret, as in Standard Webhooks 1.0.0: `webhook-signature` over
 * `webhook-id`, `webhook-timestamp` and the bytes that leave, with one signature for each secret that is valid, the newest first. It
 * is essential: no host starts without it once it is listed. The service brings it along.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createWebhooks } from "@hookwright/core";
 * import { signing } from "@hookwright/plugin-signing";
 *
 * const hooks = await createWebhooks({ store: createMemoryStore(), plugins: [signing()] });
 * await hooks.start();
 * await hooks.stop();
 * ```
 */
export function signing(): ConfiguredPlugin {
  return plugin;
}

/**
 * Signs with keys that were read once: core gives every attempt the same objects until a secret changes, and a key goes
 * with its object.
 */
function signer(): Middleware {
  const keys = new WeakMap<SigningSecret, SigningKey>();
  const keyOf = (secret: SigningSecret): SigningKey => {
    const known = keys.get(secret);
    if (known !== undefined) return known;
    const key = readSigningKey(secret.reveal());
    keys.set(secret, key);
    return key;
  };
  return (request, next) => {
    const secrets = request.delivery.target.signingSecrets;
    if (secrets.length === 0) return next(request);
    // What other layers may have made of them: what leaves is what is signed.
    const [id = "", timestamp = ""] = [request.header("webhook-id"), request.header("webhook-timestamp")];
    const content = contentOf(id, timestamp, request.body);
    return next(request.withHeader("webhook-signature", signatureHeader(content, secrets.map(keyOf))));
  };
}
