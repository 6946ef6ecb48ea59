import { HookwrightError } from "@hookwright/core";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { generateKeyPair, generateSecret } from "./generate.js";
import { sign } from "./sign.js";
import { type Vector, vectors } from "./vectors.test.support.js";
import { createVerifier, verify } from "./verify.js";

const [first, second] = [vector("1"), vector("2")];

describe("the vectors of other libraries", () => {
  test.each(vectors)("$n is verified ($source)", (given) => {
    expect(outcome(given)).toBe("verified");
  });

  test.each(vectors)("$n is verified by each of several secrets, in any order", (given) => {
    for (const secret of given.publicKeys) {
      expect(outcome(given, { secrets: [generateSecret(), secret, generateKeyPair().publicKey] })).toBe("verified");
    }
  });

  test.each(vectors)("$n is not verified by another secret", (given) => {
    expect(outcome(given, { secrets: [generateSecret(), generateKeyPair().publicKey] })).toBe("signature_mismatch");
  });

  test("10: the same JSON with other blanks is another body", () => {
    expect(outcome({ ...vector("10"), body: `{"type": "test.hello", "data": {"key": "value"}}` })).toBe(
      "signature_mismatch",
    );
  });
});

describe("a signature that is none", () => {
  const right = second.signature;
  test.each<[string, Vector, string]>([
    ["of another message", second, "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU="],
    ["no base64", first, "v1,dawfeoifkpqwoekfpqoekf"],
    ["empty", first, "v1,"],
    ["the first 8 characters of the right one", second, right.slice(0, 11)],
    ["all but the last character of the right one", second, right.slice(0, -1)],
    ["the right one and one character more", second, `${right}=`],
    ["another one's last bytes", first, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLawdd"],
    ["with another last character", first, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="],
    ["with bits behind its end", first, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="],
    ["without a comma", first, "this-is-not-a-valid-signature-token"],
    ["the right one without its version", first, first.signature.slice(3)],
    ["of version 2", first, first.signature.replace("v1,", "v2,")],
    ["of the version of the other kind of key", first, first.signature.replace("v1,", "v1a,")],
    ["zeros", { ...vector("11"), id: "msg_sigv1_tamper" }, `v1,${"A".repeat(43)}=`],
    [
      "three wrong ones",
      first,
      "v1,tFtCZ5RDCPxzWQRWXWPgrCgE2frDBe9gjpbWQxnVfsQ= v1,Mm7xgUVICxZfQ3bgf0h0Dof65L/IFx+PnZvnDWPCX6Q= v1,9DfC1c3eeOrXB6w/5dIDydLNQaEyww5KalE5jLBZucE=",
    ],
  ])("is refused: %s", (_, given, signature) => {
    expect(outcome({ ...given, signature })).toBe("signature_mismatch");
  });

  test("one right one among wrong ones and unknown versions passes", () => {
    const wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    const signature = `${wrong} ${wrong.replace("v1", "v2")} ${first.signature} ${wrong}`;
    expect(outcome({ ...first, signature })).toBe("verified");
  });

  test("a list longer than any sender's is refused", () => {
    const signature = `${"v1,AAAA ".repeat(32)}${first.signature}`;
    expect(outcome({ ...first, signature })).toBe("signature_malformed");
  });
});

describe("the time", () => {
  const { timestamp } = first;

  test.each([-300, 0, 300])("passes %d seconds from now, to the second's end", (seconds) => {
    expect(outcome(first, { now: () => (timestamp + seconds) * 1000 })).toBe("verified");
    expect(outcome(first, { now: () => (timestamp + seconds) * 1000 + 999 })).toBe("verified");
  });

  test.each([-301, 301])("does not pass %d seconds from now", (seconds) => {
    expect(outcome(first, { now: () => (timestamp + seconds) * 1000 })).toBe("signature_expired");
  });

  test("may be further off where that is asked for", () => {
    const now = (): number => (timestamp + 3600) * 1000;
    expect(outcome(first, { now, tolerance: 3_600_000 })).toBe("verified");
    expect(outcome(first, { now, tolerance: 3_599_000 })).toBe("signature_expired");
    expect(outcome(first, { now, tolerance: 0 })).toBe("signature_expired");
  });

  test("is now by the machine's clock unless given", () => {
    const now = Math.floor(Date.now() / 1000);
    const { id, body, secrets } = first;
    const headers = headersOf({ ...first, signature: sign({ id, timestamp: now, body }, secrets) }, String(now));
    expect(verify(body, headers, { secrets })).toMatchObject({ sentAt: now * 1000 });
  });

  test.each(["-1", "abc", "1614265330.5", "1614265330 ", "+1614265330", "01614265330", "1e9", "9".repeat(20)])(
    "%j is none",
    (written) => {
      expect(refused(() => verify(first.body, headersOf(first, written), options(first)))).toBe("signature_malformed");
    },
  );

  test.each([-1, Number.NaN])("a tolerance of %d is refused", (tolerance) => {
    expect(refused(() => createVerifier({ secrets: generateSecret(), tolerance }))).toBe("configuration_invalid");
  });
});

describe("the headers", () => {
  test.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("a request without %s is refused", (name) => {
    for (const value of [undefined, ""]) {
      const headers = { ...headersOf(first), [name]: value };
      expect(refused(() => verify(first.body, headers, options(first)))).toBe("signature_missing");
    }
    const headers = new Headers(headersOf(first));
    headers.delete(name);
    expect(() => verify(first.body, headers, options(first))).toThrow(name);
  });

  test("another id is refused", () => {
    expect(outcome({ ...first, id: "msg_other" })).toBe("signature_mismatch");
  });

  test("a part of the body cannot be passed off as the time, nor a part of the id", () => {
    const { secrets, timestamp, publicKeys } = first;
    const body = `${timestamp}.{}`;
    const signature = sign({ id: "msg_1", timestamp, body }, secrets);
    const moved = { ...first, id: `msg_1.${timestamp}`, body: "{}", signature, publicKeys };
    expect(outcome(moved)).toBe("signature_malformed");
  });

  test.each<[string, (headers: Readonly<Record<string, string>>) => Parameters<typeof verify>[1]]>([
    ["in any case", (headers) => mapped(headers, (name) => name.toUpperCase())],
    ["of fetch", (headers) => new Headers(headers)],
    ["as lists", (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))],
    ["in Svix's names", (headers) => mapped(headers, (name) => name.replace("webhook-", "Svix-"))],
    ["beside others, also undefined ones", (headers) => ({ host: "a", get: undefined, ...headers })],
  ])("are taken %s", (_, form) => {
    expect(verify(first.body, form(headersOf(first)), options(first)).id).toBe(first.id);
  });

  test("of two families are not mixed", () => {
    const { "webhook-id": id = "", ...rest } = headersOf(first);
    const headers = { ...mapped(rest, (name) => name.replace("webhook-", "svix-")), "webhook-id": id };
    expect(refused(() => verify(first.body, headers, options(first)))).toBe("signature_missing");
  });

  test("that come twice are refused", () => {
    const headers = { ...headersOf(first), "Webhook-Id": "msg_other" };
    expect(refused(() => verify(first.body, headers, options(first)))).toBe("signature_malformed");
  });
});

test("what is verified gives its id, its time and its JSON", () => {
  const verified = verify(first.body, headersOf(first), options(first));
  expect(verified).toMatchObject({ id: first.id, sentAt: first.timestamp * 1000 });
  expect(verified.json()).toEqual({ test: 2_432_232_314 });
});

test("a body that is no JSON is verified all the same, and read only when that is asked for", () => {
  const verified = verify(vector("8").body, headersOf(vector("8")), options(vector("8")));
  expect(() => verified.json()).toThrow(SyntaxError);
});

test("no message of a refusal has a secret, a signature or the body in it", () => {
  const secret = generateSecret();
  const given = { ...first, body: '{"card":"4111"}', signature: "v1,AAAABBBBCCCC", publicKeys: [secret] };
  try {
    verify(given.body, headersOf(given), options(given));
    expect.unreachable();
  } catch (error) {
    const text = error instanceof HookwrightError ? `${error.message} ${JSON.stringify(error.details)}` : "";
    for (const leaked of [secret.slice(6), "AAAABBBBCCCC", "4111"]) expect(text).not.toContain(leaked);
  }
});

describe("in general", () => {
  const messages = fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
    timestamp: fc.integer({ min: 0, max: 4_000_000_000 }),
    body: fc.uint8Array({ maxLength: 200 }),
  });
  const kinds = [
    () => {
      const secret = generateSecret();
      return { secret, publicKey: secret };
    },
    () => {
      const { privateKey: secret, publicKey } = generateKeyPair();
      return { secret, publicKey };
    },
  ];

  test.each([0, 1])("what is signed is verified, and no flipped bit of it is (kind %d)", (kind) => {
    fc.assert(
      fc.property(messages, fc.nat(), (message, at) => {
        const { secret = "", publicKey = "" } = kinds[kind]?.() ?? {};
        const given = {
          ...message,
          signature: sign(message, secret),
          publicKeys: [publicKey],
          secrets: [],
          n: "",
          source: "",
        };
        expect(outcome(given)).toBe("verified");
        expect(outcome(given, { secrets: secret })).toBe("verified");
        const text = headersOf(given);
        const flips = [
          () => verify(flipped(message.body, at), text, options(given)),
          ...Object.keys(text).map((name) => () => {
            const value = Buffer.from(flipped(Buffer.from(text[name] ?? ""), at)).toString("latin1");
            return verify(message.body, { ...text, [name]: value }, options(given));
          }),
        ];
        for (const flip of message.body.length === 0 ? flips.slice(1) : flips)
          expect(refused(flip)).toMatch(/^signature_/);
      }),
      { numRuns: 150 },
    );
  });

  test("the specification's own library verifies what is signed here, and the other way round", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), fc.json(), (id, body) => {
        const secret = generateSecret();
        const timestamp = Math.floor(Date.now() / 1000);
        const library = new Webhook(secret);
        const headers = headersOf(
          { ...first, id, signature: sign({ id, timestamp, body }, secret) },
          String(timestamp),
        );
        expect(library.verify(body, headers)).toEqual(JSON.parse(body));
        const theirs = { ...headers, "webhook-signature": library.sign(id, new Date(timestamp * 1000), body) };
        expect(verify(body, theirs, { secrets: secret }).id).toBe(id);
        expect(theirs).toEqual(headers);
      }),
      { numRuns: 100 },
    );
  });
});

function vector(n: string): Vector {
  const found = vectors.find((known) => known.n === n);
  if (found === undefined) throw new Error(`there is no vector ${n}`);
  return found;
}

function headersOf(
  { id, timestamp, signature }: Vector,
  written = String(timestamp),
): Readonly<Record<string, string>> {
  return { "webhook-id": id, "webhook-timestamp": written, "webhook-signature": signature };
}

function options({ publicKeys, timestamp }: Vector): {
  readonly secrets: readonly string[];
  readonly now: () => number;
} {
  return { secrets: publicKeys, now: () => timestamp * 1000 };
}

/** `verified`, or the code of the refusal. */
function outcome(given: Vector, more: Partial<Parameters<typeof createVerifier>[0]> = {}): string {
  return refused(() => verify(given.body, headersOf(given), { ...options(given), ...more }));
}

function refused(run: () => unknown): string {
  try {
    run();
    return "verified";
  } catch (error) {
    if (error instanceof HookwrightError) return error.code;
    throw error;
  }
}

function mapped(
  headers: Readonly<Record<string, string>>,
  name: (from: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([from, value]) => [name(from), value]));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  const bit = at % (copy.length * 8);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
