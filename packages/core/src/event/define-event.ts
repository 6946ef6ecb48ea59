import { completeDefinition, type EventDefinition, type EventOptions } from "./event-definition.js";
import type { Infer, JsonSchema } from "./json-schema.js";

/**
 * Defines a custom event as a value. The payload's type is inferred from the schema, and the example is checked against it
 * by the compiler. The event exists for a service once a plugin lists it in `events`.
 *
 * @example
 * ```ts
 * import { defineEvent } from "@hookwright/core";
 *
 * export const invoicePaid = defineEvent({
 *   action: "INVOICE_PAID",
 *   summary: "An invoice was settled.",
 *   schema: { type: "object", required: ["invoice_id"], properties: { invoice_id: { type: "integer" } } },
 *   example: { invoice_id: 1 },
 * });
 * ```
 */
export function defineEvent<const Action extends string, const Schema extends JsonSchema>(
  options: EventOptions<Action, NoInfer<Infer<Schema>>> & { readonly schema: Schema },
): EventDefinition<Action, Infer<Schema>> {
  return completeDefinition<Action, Infer<Schema>>(options, options.schema);
}
