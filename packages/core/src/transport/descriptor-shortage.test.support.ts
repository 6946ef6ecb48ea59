import { closeSync, openSync } from "node:fs";
import { codeOfFault } from "../delivery/outcome.js";
import { parseAllowTargets } from "./allow-rules.js";
import { NameResolver } from "./name-resolver.js";
import { TargetGuard } from "./target-guard.js";
import type { TransportOutcome } from "./transport.js";
import { createUndiciTransport } from "./undici-transport.js";

// A program of its own, run under a low limit of descriptors: sends to each URL with some left, with none left, and with some again.
const [nameServer = "", ...urls] = process.argv.slice(2);
const guard = new TargetGuard(parseAllowTargets("loopback"));
const { lookup } = new NameResolver({ nameServers: [nameServer] });

const taken: number[] = [];

function faultOf(outcome: TransportOutcome): string {
  return outcome.kind === "sender-failed" ? codeOfFault(outcome) : String(Reflect.get(outcome, "code"));
}

function takeAll(): void {
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {
    // That was the last one.
  }
}

function giveBack(): void {
  for (const descriptor of taken.splice(0)) closeSync(descriptor);
}

async function sendAll(before: () => void): Promise<readonly string[]> {
  const told: string[] = [];
  for (const url of urls) {
    const transport = createUndiciTransport({ guard, lookup });
    before();
    const outcome = await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeout: 10_000 });
    told.push(outcome.kind === "answered" ? String(outcome.status) : `${outcome.kind} ${faultOf(outcome)}`);
    // No socket that is still being closed gives its descriptor to the next one.
    await transport.close();
  }
  return told;
}

const none = await sendAll(takeAll);
const some = await sendAll(giveBack);
const later = await sendAll(takeAll);
const last = await sendAll(giveBack);
process.stdout.write(JSON.stringify({ none, some, later, last }));
