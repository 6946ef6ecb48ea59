import { expect, test } from "vitest";
import { shownUrl } from "./shown-url.js";

test.each([
  ["https://user:password@receiver.example/a?b=1", "https://***:***@receiver.example/a?b=1"],
  ["https://token@receiver.example/", "https://***@receiver.example/"],
  ["https://:password@receiver.example/", "https://:***@receiver.example/"],
  ["HTTPS://Receiver.example", "HTTPS://Receiver.example"],
  ["no URL", "no URL"],
])("%s is shown as %s", (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});
