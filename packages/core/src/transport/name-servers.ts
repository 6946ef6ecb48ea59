import { isIP } from "node:net";
import { HookwrightError } from "../foundation/hookwright-error.js";

/**
 * Reads the value of HOOKWRIGHT_NAME_SERVERS: addresses, each with a port or without, separated by commas or blanks.
 *
 * @throws HookwrightError `configuration_invalid` that names the first entry that is none.
 */
export function parseNameServers(text: string): readonly string[] {
  return text
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [, six, four, port = "53"] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(entry) ?? [];
      const isBare = isIP(entry) !== 0;
      const isAddress = isBare || isIP(six ?? "") === 6 || isIP(four ?? "") === 4;
      if (isAddress && Number(port) >= 1 && Number(port) <= 65_535) return entry;
      throw new HookwrightError(
        "configuration_invalid",
        `HOOKWRIGHT_NAME_SERVERS: ${JSON.stringify(entry)} is not a name server; expected an address such as 10.0.0.2, 10.0.0.2:5353 or [fd00::2]:53.`,
      );
    });
}
