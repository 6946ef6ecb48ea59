import { expect, test } from "vitest";
import { claimedDelivery } from "../delivery/claimed-delivery.test.support.js";
import { HiddenSecret } from "../webhook/signing-secret.js";
import { holdsSecret, maskedText } from "./masked-text.js";

const { target } = claimedDelivery({
  target: {
    headers: { Authorization: "Bearer s3cr3t-credential", "X-Quoted": 's3cr3t "quoted"', "X-Short": "1" },
    signingSecrets: [new HiddenSecret("whsec_s3cr3t")],
  },
});

test.each([
  ['{"authorization":"Bearer s3cr3t-credential"}', '{"authorization":"***"}'],
  ["unknown token s3cr3t-credential!", "unknown token ***!"],
  ['{"x-quoted":"s3cr3t \\"quoted\\""}', '{"x-quoted":"***"}'],
  ["whsec_s3cr3t and whsec_s3cr3t", "*** and ***"],
  ["cut off in Bearer s3cr3t-cre", "cut off in ***"],
  ["cut off in s3cr3t-creden", "cut off in ***"],
  ["1 is no secret, and s3cr3t alone neither", "1 is no secret, and s3cr3t alone neither"],
  ["", ""],
  ["ok", "ok"],
])("of the text %j is shown %j", (text, shown) => {
  expect(maskedText(text, target)).toBe(shown);
});

test("a webhook without headers and secrets masks nothing", () => {
  const text = "Bearer s3cr3t-credential";
  expect(maskedText(text, claimedDelivery().target)).toBe(text);
});

test("a value is found in another one", () => {
  expect(holdsSecret("copied: s3cr3t-credential", target)).toBe(true);
  expect(holdsSecret("application/json", target)).toBe(false);
});

test.each([
  ["sent to https://hook-user:p%40ssword-1@receiver.example/", "sent to https://***:***@receiver.example/"],
  ["you are hook-user with p@ssword-1", "you are *** with ***"],
  [`{"authorization":"Basic ${btoa("hook-user:p@ssword-1")}"}`, '{"authorization":"***"}'],
  [`credential ${btoa("hook-user:p@ssword-1")}`, "credential ***"],
])("of the text %j, with credentials in the URL, is shown %j", (text, shown) => {
  const url = "https://hook-user:p%40ssword-1@receiver.example/";
  expect(maskedText(text, claimedDelivery({ target: { url } }).target)).toBe(shown);
});
