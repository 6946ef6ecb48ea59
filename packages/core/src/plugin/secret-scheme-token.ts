import type { SecretScheme } from "../secret/secret-scheme.js";
import { defineService } from "./token.js";

/**
 * What a signing plugin provides: it says which secrets its middleware can sign with. While no started plugin provides it,
 * no secret can be set, and what is for a webhook that has one is held.
 */
export const secretScheme = defineService<SecretScheme>("core/secret-scheme");
