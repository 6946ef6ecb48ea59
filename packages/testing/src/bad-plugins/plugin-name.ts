/** The name of a bad plugin, as far as it can be told. */
export function nameOf(plugin: unknown): string {
  try {
    const { manifest } = Object(plugin) as { readonly manifest?: { readonly name?: unknown } };
    return String(manifest?.name);
  } catch {
    // Some of those that are no plugins cannot be read.
    return "nobody";
  }
}
