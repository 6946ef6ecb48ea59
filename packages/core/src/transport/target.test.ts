import { expect, test } from "vitest";
import { ParsedTargets } from "./target.js";

test("reads where a URL leads", () => {
  expect(new ParsedTargets().read("https://us%40er:pass@Receiver.Example:8443/a%20b?c=d#e")).toEqual({
    origin: "https://receiver.example:8443",
    secure: true,
    host: "receiver.example",
    port: 8443,
    authority: "receiver.example:8443",
    path: "/a%20b?c=d",
    authorization: `Basic ${Buffer.from("us@er:pass").toString("base64")}`,
  });
});

test("reads an IPv6 literal without its brackets, and knows the usual ports", () => {
  const cache = new ParsedTargets();
  expect(cache.read("http://[::1]")).toMatchObject({ host: "::1", port: 80, authority: "[::1]:80", path: "/" });
  expect(cache.read("https://a.example:443/")).toMatchObject({ origin: "https://a.example", port: 443 });
});

test("gives the same target for the same URL, and forgets the oldest of many", () => {
  const cache = new ParsedTargets();
  const first = cache.read("http://a.example/0");
  expect(cache.read("http://a.example/0")).toBe(first);
  for (let path = 1; path <= 4_096; path += 1) cache.read(`http://a.example/${path}`);
  expect(cache.read("http://a.example/4096")).toBe(cache.read("http://a.example/4096"));
  expect(cache.read("http://a.example/0")).not.toBe(first);
});

test("says what is wrong with a URL, without its credentials", () => {
  const cache = new ParsedTargets();
  expect(cache.read("ftp://user:secret@a.example/")).toMatch(/scheme is ftp/);
  expect(cache.read("http://user:secret@a.example:0/")).toMatch(/port is 0/);
  expect(cache.read("http://user:secret@a b/")).toBe("the URL cannot be read");
});
