import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TargetGuard } from "../transport/target-guard.js";
import { checkUrl } from "./check-url.js";

const invalid = { problem: ["Enter a valid URL."] };
const guard = new TargetGuard();
const check = (value: unknown) => checkUrl(value, (url) => guard.checkUrlLiteral(url));

describe("a URL", () => {
  test.each([
    "http://example.com",
    "https://example.com/hook?a=1&b=%20#fragment",
    "HTTPS://EXAMPLE.COM/Hook",
    "https://user:pass@example.com/",
    "https://user@example.com:8443",
    "https://example.com.",
    "http://sub.domain.example.co.uk/",
    "http://a-b.example.museum",
    "https://xn--mnchen-3ya.example",
    "https://münchen.example/straße",
    "https://例え.テスト/",
    "http://localhost:8080/x",
    "http://backend:9090/x",
    "http://example",
    "http://my_service_1:80",
    "http://93.184.216.34/hook",
    "http://[2606:2800:220:1:248:1893:25c8:1946]:80/",
    "http://example.com:1/",
    "http://example.com:65535/",
    "https://example.com/@here:there",
  ])("like %s is saved as it is", (url) => {
    expect(check(url)).toEqual({ value: url });
  });

  test("loses the blanks around it", () => {
    expect(check(" \n https://example.com/a \t")).toEqual({ value: "https://example.com/a" });
  });

  test.each([
    "nope",
    "example.com/hook",
    "//example.com",
    "http:example.com",
    "http:/example.com",
    "http:///example.com",
    "http://",
    "http://?x",
    "ftp://example.com",
    "ftps://example.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://exa mple.com",
    "http://example.com/a b",
    "http://example.com/a\u0000b",
    "http://example.com/a\u0007b",
    "http://example.com/\ud800",
    "http://exa_mple.com",
    "http://example.c",
    "http://example.c0m",
    "http://-example.com",
    "http://example-.com",
    "http://example..com",
    "http://.example.com",
    `http://${"a".repeat(64)}.com`,
    `http://${"a.".repeat(127)}com`,
    "http://1.2.3",
    "http://999.1.1.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://１２７.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://[::1",
    "http://[fe80::1%25eth0]/",
    "http://[not-an-address]/",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:/",
    "http://example.com:abc/",
    "http://:8080/",
    "http://:pass@example.com/",
    "http://user@evil@example.com/",
    "http://example.com\\@evil.example/",
    7,
  ])("like %j is no valid URL", (url) => {
    expect(check(url)).toEqual(invalid);
  });

  test.each([
    [null, "This field may not be null."],
    ["", "This field may not be blank."],
    ["  \t ", "This field may not be blank."],
    [true, "Not a valid string."],
    [["https://example.com"], "Not a valid string."],
    [{}, "Not a valid string."],
  ])("that is %j is refused by Label Studio's text", (url, text) => {
    expect(check(url)).toEqual({ problem: [text] });
  });

  test("may have 2,048 characters and no more", () => {
    const url = (length: number) => `https://example.com/${"a".repeat(length - 20)}`;
    expect(check(url(2_048))).toEqual({ value: url(2_048) });
    expect(check(url(2_049))).toEqual({
      problem: ["Ensure this field has no more than 2048 characters.", "Enter a valid URL."],
    });
  });

  test.each([
    ["http://127.0.0.1:8080/", "127.0.0.1, a loopback address"],
    ["http://10.1.2.3/", "10.1.2.3, a private address"],
    ["http://169.254.169.254/latest/meta-data", "169.254.169.254, an address of cloud metadata"],
    ["http://[::1]/", "::1, a loopback address"],
    ["http://[::ffff:127.0.0.1]/", "a loopback address"],
  ])("with the address of %s is refused when it is saved", (url, text) => {
    expect(check(url)).toEqual({ problem: [expect.stringMatching(/^Deliveries may not go there: .*\.$/)] });
    expect(check(url)).toEqual({ problem: [expect.stringContaining(text)] });
  });

  test("that is saved is one that can be requested, whatever was given", () => {
    const piece = fc.constantFrom(
      ..."http://@:[]\\.%#?/aé1_- \t\u0000",
      "example",
      ".com",
      "127",
      "https://",
      "localhost",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.array(piece, { maxLength: 12 }).map((pieces) => `http://${pieces.join("")}`),
        ),
        (url) => {
          const checked = checkUrl(url, () => undefined);
          if ("problem" in checked) return;
          const parsed = new URL(checked.value);
          expect(parsed.protocol).toMatch(/^https?:$/);
          expect(parsed.hostname).not.toBe("");
          // What stands in the text is what is dialled: no other spelling of an address.
          if (/^[\d.]+$/.test(parsed.hostname)) expect(url).toContain(parsed.hostname);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
