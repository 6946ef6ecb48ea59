import type { Logger } from "../observe/logger.js";
import type { SealedRest } from "./sealed-webhooks.js";

/** Values that are plain although there is a key: there are some at the first start that has one, and none after. */
export function tellSealed({ plain, sealed: webhooks, failure }: SealedRest, logger: Logger): void {
  if (plain === 0 && failure === undefined) return;
  const found = `${plain} header values and signing secrets stood in the store unsealed`;
  if (failure !== undefined)
    logger.warn(`${found}, and not all of them could be sealed`, { plain, webhooks, error: failure });
  else
    logger.warn(
      `${found}, and were sealed now: unless this is the first start with a secret key, somebody else wrote them there`,
      { plain, webhooks },
    );
}
