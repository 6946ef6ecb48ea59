import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface TestCertificateOptions {
  /** Names and addresses that it is valid for. */
  readonly hosts: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** Makes a key and a certificate that it signs itself, fresh for each call: no key is ever kept in the repository. RFC 5280, section 4.1. */
export function testCertificate({
  hosts,
  notBefore = daysFromNow(-30),
  notAfter = daysFromNow(1),
}: TestCertificateOptions): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(commonName, utf8String(`test ${hosts[0] ?? ""}`))));
  const content = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(alternativeNames(hosts), authority())),
  );
  const certificate = sequence(content, ecdsaWithSha256, bitString(sign("sha256", content, privateKey)));
  return { cert: pem(certificate), key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** A date so many days from now. */
export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts);
const set = (...parts: readonly Buffer[]): Buffer => tlv(0x31, ...parts);
const integer = (bytes: Buffer): Buffer => tlv(0x02, bytes);
const octets = (bytes: Buffer): Buffer => tlv(0x04, bytes);
const bitString = (bytes: Buffer): Buffer => tlv(0x03, Buffer.from([0]), bytes);
const utf8String = (text: string): Buffer => tlv(0x0c, Buffer.from(text));
const explicit = (number: number, part: Buffer): Buffer => tlv(0xa0 | number, part);
const objectId = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));

const commonName = objectId("550403");
const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));

function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, "").slice(0, 14)}Z`));
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) === 0 ? tlv(0x82, Buffer.from(host)) : tlv(0x87, Buffer.from(host.split(".").map(Number))),
  );
  return sequence(objectId("551d11"), octets(sequence(...names)));
}

// It signs itself, so that it is its own authority.
function authority(): Buffer {
  return sequence(objectId("551d13"), tlv(0x01, Buffer.from([0xff])), octets(sequence(tlv(0x01, Buffer.from([0xff])))));
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
