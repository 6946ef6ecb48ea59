/** One step of a path: a text that must stand there, or a parameter. */
type Step = { readonly kind: "text"; readonly text: string } | { readonly kind: "parameter"; readonly name: string };

/** The path of a route below its plugin's. */
export interface RoutePath {
  readonly steps: readonly Step[];
  /** As OpenAPI writes it: `/invoices/{id}/`. */
  readonly template: string;
  /** The same for two paths that the same addresses fit. */
  readonly shape: string;
}

/** `/invoices/:id` read into its steps; a text says what is wrong with it. */
export function readRoutePath(path: unknown): RoutePath | string {
  if (typeof path !== "string" || !path.startsWith("/")) return 'path must begin with "/"';
  const texts = path.split("/").filter((text) => text !== "");
  const odd = texts.find((text) => !/^(?::[A-Za-z_]\w{0,63}|[A-Za-z0-9._~-]{1,100})$/.test(text));
  if (odd !== undefined)
    return `path has the step ${JSON.stringify(odd.slice(0, 100))}; a step holds letters, digits, - . _ ~, or is a parameter such as :id`;
  const steps = texts.map(
    (text): Step => (text.startsWith(":") ? { kind: "parameter", name: text.slice(1) } : { kind: "text", text }),
  );
  const names = steps.filter((step) => step.kind === "parameter").map(({ name }) => name);
  if (new Set(names).size !== names.length) return "path names a parameter twice";
  const written = (parameter: (name: string) => string): string =>
    ["", ...steps.map((step) => (step.kind === "text" ? step.text : parameter(step.name))), ""].join("/");
  return { steps, template: written((name) => `{${name}}`), shape: written(() => ":") };
}

/** The parameters when the steps of an address fit; `undefined` when they do not. */
export function matchPath(
  { steps }: RoutePath,
  found: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (steps.length !== found.length) return undefined;
  const params: [string, string][] = [];
  for (const [index, step] of steps.entries()) {
    const text = found[index] ?? "";
    if (step.kind === "parameter") params.push([step.name, text]);
    else if (step.text !== text) return undefined;
  }
  return Object.fromEntries(params);
}
