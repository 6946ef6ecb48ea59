import { type Resolve, tokens } from "./container.js";
import type { ResealOptions, ResealReport } from "./secret/reseal-all.js";
import type { ValueSurvey } from "./secret/survey-values.js";

/** How header values and signing secrets are sealed in the store. */
export interface SealingApi {
  /**
   * Seals everything anew with the first of these keys, in small steps and while the host runs; what the host saves meanwhile is
   * sealed with it too. The keys known before open until the host stops. Once it resolves, `secretKeys` needs the first key only. A call
   * that was cut off is repeated with the same keys.
   *
   * @throws HookwrightError `configuration_invalid` for a key, `secret_unreadable` when there is a value that no key opens: keep
   * the old keys then.
   */
  rotate(keys: readonly string[], options?: ResealOptions): Promise<ResealReport>;
  /** Counts the stored values by how they are sealed. */
  survey(): Promise<ValueSurvey>;
}

/** The facade's part about secrets at rest. */
export function sealingApi(get: Resolve): SealingApi {
  return {
    rotate: async (keys, options) => get(tokens.sealedWebhooks).reseal(keys, options),
    survey: async () => get(tokens.sealedWebhooks).survey(),
  };
}
