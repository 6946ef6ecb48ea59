import type { BodyForm } from "./delivery.js";

/** The form of a delivery whose webhook was given this variant; an empty name is none. */
export function bodyForm(sendPayload: boolean, variant: string): BodyForm {
  if (variant !== "") return `variant:${variant}`;
  return sendPayload ? "full" : "stripped";
}
