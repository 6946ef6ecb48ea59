/**
 * A moment for the API: a duration is that long ago, anything else stays as it is, for the API to read.
 *
 * @throws HookwrightError `configuration_invalid` for a duration beyond all reason.
 */
export async function timeOf(text: string | undefined): Promise<string | undefined> {
  if (text === undefined || !/^\d+(?:\.\d+)?(?:ms|[smhdw])$/.test(text)) return text;
  // Loaded for who needs it: every other command does without core.
  const { parseDuration } = await import("@hookwright/core/internal");
  const { systemClock } = await import("@hookwright/core");
  return new Date(systemClock.now() - parseDuration(text, "The time")).toISOString();
}
