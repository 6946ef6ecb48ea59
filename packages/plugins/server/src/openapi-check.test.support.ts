import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

type Json = Readonly<Record<string, unknown>>;

/** What an answer is checked by. */
export interface CheckedAnswer {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** Holds every answer against the OpenAPI document that the service gives out: what it says must be what comes. */
export class OpenApiCheck {
  readonly #paths: Json;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: Json) {
    // The document was made by this service.
    this.#paths = document["paths"] as Json;
    this.#ajv.addSchema(document, "openapi");
  }

  /** The paths with their methods, as the document has them. */
  operations(): readonly { readonly method: string; readonly path: string }[] {
    return Object.entries(this.#paths).flatMap(([path, methods]) =>
      Object.keys(methods as Json).map((method) => ({ method: method.toUpperCase(), path })),
    );
  }

  /** @throws Error when the document does not know the answer, or says that it is another. */
  check({ method, path, status, body }: CheckedAnswer): void {
    // A static path has a parameter's shape too: info/ is no id.
    const parameters = (known: string): number => known.split("{").length;
    const template = Object.keys(this.#paths)
      .filter((known) => fits(known, path))
      .sort((one, other) => parameters(one) - parameters(other))[0];
    // What no operation answers: other methods, and addresses that lead nowhere.
    if (template === undefined || at(this.#paths, [template, method.toLowerCase()]) === undefined) return;
    const pointer = ["paths", template, method.toLowerCase(), "responses", String(status)];
    if (at(this.#paths, pointer.slice(1)) === undefined)
      throw new Error(`the OpenAPI document has no ${status} for ${method} ${template}`);
    const place = [...pointer, "content", "application/json", "schema"];
    if (at(this.#paths, place.slice(1)) === undefined) return;
    const validate = this.#validator(`openapi#/${place.map(escaped).join("/")}`);
    if (!validate(body))
      throw new Error(`${status} of ${method} ${path} does not fit: ${this.#ajv.errorsText(validate.errors)}`);
  }

  #validator($ref: string): ValidateFunction {
    const known = this.#validators.get($ref) ?? this.#ajv.compile({ $ref });
    this.#validators.set($ref, known);
    return known;
  }
}

function fits(template: string, path: string): boolean {
  const pattern = template
    .replace(/\/$/, "")
    .replaceAll(".", "\\.")
    .replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${pattern}/?$`).test(path);
}

function at(value: unknown, pointer: readonly string[]): unknown {
  return pointer.reduce<unknown>((inner, key) => (inner as Json | undefined)?.[key], value);
}

function escaped(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}
