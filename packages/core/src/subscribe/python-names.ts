/** How Label Studio's texts name the type of a JSON value. */
export function pythonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "str";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return "dict";
}

/** How they show a value; cut short, since anything may have been sent. */
export function pythonTextOf(value: unknown): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  return (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(0, 200);
}
