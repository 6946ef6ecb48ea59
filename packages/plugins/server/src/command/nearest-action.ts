import { messageOf } from "../outside-values.js";
import type { ApiAnswer, ApiClient } from "./api-client.js";
import { CommandError } from "./command-io.js";

/**
 * Saves a webhook. The API refuses an unknown action in Label Studio's words, which name no other; what the catalog of events
 * says of it names the nearest.
 */
export async function withNearest(
  { action = [] }: { readonly action?: readonly string[] },
  client: ApiClient,
  save: () => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  try {
    return await save();
  } catch (error) {
    if (!(error instanceof CommandError) || !error.message.includes("is not a valid choice")) throw error;
    const faults = await Promise.all([...new Set(action)].map((name) => faultOf(name, client)));
    throw new CommandError([error.message, ...faults].filter(Boolean).join(" "), { cause: error });
  }
}

/** Empty where there is such an event. */
async function faultOf(action: string, client: ApiClient): Promise<string> {
  try {
    await client.get(`/api/events/${encodeURIComponent(action)}/`);
    return "";
  } catch (error) {
    return messageOf(error);
  }
}
