import { readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { HookwrightError, parseAllowTargets } from "@hookwright/core";
import {
  parseDuration,
  parseEgressProxy,
  parseNameServers,
  parseRetrySchedule,
  readCertificates,
} from "@hookwright/core/internal";
import { isTokenText } from "./token-text.js";

/**
 * Reads one setting's text. `undefined` says that the text is none of the allowed forms; a reader whose forms are
 * described elsewhere throws instead, with a message that begins with `name`.
 */
export type Reader<Value> = (text: string, name: string) => Value | undefined;

const yes = new Set(["true", "yes", "on", "1"]);
const no = new Set(["false", "no", "off", "0"]);

export const readBoolean: Reader<boolean> = (text) => {
  const word = text.toLowerCase();
  if (yes.has(word)) return true;
  return no.has(word) ? false : undefined;
};

/** A whole number within bounds; nothing else that JavaScript takes for a number (`1e3`, `0x10`, ` `). */
export function wholeNumber(lowest: number, highest: number): Reader<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= lowest && value <= highest ? value : undefined;
  };
}

export function oneOf<const Word extends string>(...words: readonly Word[]): Reader<Word> {
  return (text) => words.find((word) => word === text.toLowerCase());
}

/** Longer waits than a day hold a place in the window for nothing. */
const longestTimeout = 86_400;

/** Seconds, fractions allowed, into milliseconds. */
export const readSeconds: Reader<number> = (text) => {
  const seconds = /^\d*\.?\d+$|^\d+\.$/.test(text) ? Number(text) : Number.NaN;
  const milliseconds = Math.round(seconds * 1_000);
  return milliseconds >= 1 && seconds <= longestTimeout ? milliseconds : undefined;
};

const sizeUnits: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 1_024, mb: 1_024 ** 2, gb: 1_024 ** 3 };

/** JavaScript's longest string is a little under 512 MB, and a body is read into one. */
const largestSize = 500 * 1_024 ** 2;

/** `10mb`, `512kb` or a number of bytes; 1 kb is 1,024 bytes. */
export const readSize: Reader<number> = (text) => {
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|)$/.exec(text.toLowerCase());
  const size = Math.floor(Number(match?.[1]) * (sizeUnits[match?.[2] ?? ""] ?? Number.NaN));
  return size >= 1 && size <= largestSize ? size : undefined;
};

/** A listener's address: only what cannot be one is refused here, the rest is the network's to say. */
export const readHost: Reader<string> = (text) => (/^[A-Za-z0-9._:%-]+$/.test(text) ? text : undefined);

export const readFolder: Reader<string> = (text) => {
  if (text.includes("\0")) return undefined;
  return isAbsolute(text) ? text : resolve(text);
};

export const readToken: Reader<string> = (text) => (isTokenText(text) ? text : undefined);

export const readDuration: Reader<number> = (text, name) => {
  const duration = parseDuration(text, name);
  if (Number.isSafeInteger(Math.round(duration))) return duration;
  throw new HookwrightError("configuration_invalid", `${name} is longer than any clock can count, found ${text}.`);
};

/** The text as it is, once it is known to be a schedule: core reads it again. */
export const readRetrySchedule: Reader<string> = (text, name) => {
  parseRetrySchedule(text, name);
  return text;
};

/** The text as it is, once it is known to be a list of rules: core reads it again. */
export const readAllowTargets: Reader<string> = (text) => {
  parseAllowTargets(text);
  return text;
};

/** The text as it is, once it is known to be a proxy: core reads it again. */
export const readEgressProxy: Reader<string> = (text) => {
  parseEgressProxy(text);
  return text;
};

/** The text as it is, once it is known to be a list of name servers: core reads it again. */
export const readNameServers: Reader<string> = (text) => {
  parseNameServers(text);
  return text;
};

/**
 * What a file of PEM says; whether it is a key is seen beside its certificate. Where no file is read, the text may be the key
 * itself, put in the wrong place: it is in no message and no cause.
 */
export const readPemFile: Reader<string> = (text, name) => {
  if (/-----BEGIN|[\r\n]/.test(text))
    throw new HookwrightError("configuration_invalid", `${name} must be the path of a file, not what is in it.`);
  try {
    return readFileSync(text, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "it is no path";
    throw new HookwrightError("configuration_invalid", `${name}: the file cannot be read: ${code}.`);
  }
};

/** What a file of certificates says. */
export const readCertificateFile: Reader<string> = (text, name) => {
  const pem = readPemFile(text, name) ?? "";
  if (readCertificates(pem, `${name}: the file ${text}`).length > 0) return pem;
  throw new HookwrightError("configuration_invalid", `${name}: the file ${text} is empty.`);
};
