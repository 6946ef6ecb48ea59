export { type KeyPair, generateKeyPair, generateSecret } from "./generate.js";
export type { ReceivedHeaders } from "./received-headers.js";
export { type MessageToSign, sign } from "./sign.js";
export { signing } from "./signing-plugin.js";
export { createVerifier, type VerifiedWebhook, type Verifier, verify, type VerifyOptions } from "./verify.js";
