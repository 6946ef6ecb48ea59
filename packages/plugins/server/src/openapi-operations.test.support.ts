import type { JsonSchema } from "@hookwright/core";

type Json = Readonly<Record<string, unknown>>;

/** One parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: JsonSchema;
}

/** One operation of an OpenAPI document, with what it takes. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** `undefined` where it takes none. */
  readonly body: { readonly mediaType: string; readonly schema: JsonSchema } | undefined;
  /** Statuses that the document names. */
  readonly statuses: readonly number[];
}

/** The operations of a document of this service, in its order. */
export function operationsOf(document: Json): readonly Operation[] {
  return Object.entries(objectAt(document, "paths")).flatMap(([path, methods]) =>
    Object.entries(Object(methods)).map(([method, described]) => toOperation(method, path, Object(described))),
  );
}

function toOperation(method: string, path: string, described: Json): Operation {
  const [media] = Object.entries(objectAt(Object(described["requestBody"]), "content"));
  return {
    method: method.toUpperCase(),
    path,
    // The document is this service's own: a list of parameters where there is one.
    parameters: (described["parameters"] ?? []) as readonly Parameter[],
    body: media === undefined ? undefined : { mediaType: media[0], schema: Object(media[1]).schema },
    statuses: Object.keys(objectAt(described, "responses")).map(Number),
  };
}

function objectAt(value: Json, key: string): Json {
  return Object(value[key]);
}
