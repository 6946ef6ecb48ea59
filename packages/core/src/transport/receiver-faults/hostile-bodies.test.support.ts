import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { delivered, deliveredThenClosed, head, type ReceiverFault } from "./receiver-fault.test.support.js";
import { says } from "./scripts.test.support.js";

export function encodings(): readonly ReceiverFault[] {
  const zeros = Buffer.alloc(50_000_000);
  const once = gzipSync(zeros, { level: 9 });
  const bodies: readonly (readonly [name: string, encoding: string, body: Buffer])[] = [
    ["a gzip bomb of 50 MB", "gzip", once],
    ["a gzip bomb in a gzip bomb", "gzip, gzip", gzipSync(once)],
    ["a deflate bomb of 50 MB", "deflate", deflateSync(zeros, { level: 9 })],
    ["a brotli bomb of 50 MB", "br", brotliCompressSync(zeros)],
    ["a zstd bomb of 50 MB", "zstd", zstdCompressSync(zeros)],
    ["encodings in six layers", "gzip, br, gzip, zstd, gzip, br", Buffer.from("ok")],
    ["a gzip body that is cut short", "gzip", gzipSync("some text").subarray(0, 12)],
    ["a body that is no gzip", "gzip", Buffer.from("ok")],
    ["an encoding that there is not", "foo", Buffer.from("ok")],
  ];
  return bodies.map(([name, encoding, body]) => ({
    name: `sends ${name}, which is not decoded`,
    receiver: () => says(`${head}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`, body),
    worst: name.includes("bomb"),
    outcome: { ...(body.length > 16_384 ? deliveredThenClosed : delivered), excerpt: readAsText(body) },
  }));
}

function readAsText(body: Buffer): string {
  return body.subarray(0, 1_024).toString("utf8").replaceAll("\0", "\ufffd");
}

export function hostileTexts(): readonly ReceiverFault[] {
  const texts: readonly (readonly [name: string, body: string | Buffer, excerpt?: string])[] = [
    ["escape sequences of a terminal", "\x1b[2J\x1b]0;owned\x07\x9b31mred"],
    ["HTML and a script", "</script><script>alert(1)</script><img src=x onerror=alert(1)>"],
    ["bytes that are no UTF-8", Buffer.from([0x61, 0xff, 0xfe, 0x80, 0x62]), "a\ufffd\ufffd\ufffdb"],
    ["half of a surrogate pair", Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]), "a\ufffd\ufffd\ufffdb"],
    ["NUL", "a\0b", "a\ufffdb"],
    ["line breaks that forge a log line", "ok\r\n2026-01-01 ERROR forged\u2028x"],
    ["letters that turn the direction of writing", "\u202egpj.exe"],
    ["a letter that the excerpt's end cuts", `${"x".repeat(1_023)}é`, "x".repeat(1_023)],
    ["a byte order mark", "\ufeffok"],
  ];
  return texts.map(([name, body, excerpt]) => {
    const bytes = Buffer.from(body);
    return {
      name: `sends a body with ${name}`,
      receiver: () => says(`${head}content-length: ${bytes.length}\r\n\r\n`, bytes),
      outcome: { ...delivered, excerpt: excerpt ?? bytes.toString() },
    };
  });
}
