import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { messageOf } from "../outside-values.js";
import { ApiClient } from "./api-client.js";
import { CommandError, type CommandIo } from "./command-io.js";
import { finish, type JsonOption, positive } from "./options.js";

interface SendOptions extends JsonOption {
  readonly payload: string;
  readonly project?: string;
  readonly id?: string;
}

/** `send`: emits an event. */
export function addSend(program: Command, io: CommandIo): void {
  const command = program
    .command("send")
    .description("Emit an event: it goes to every webhook that wants it.")
    .argument("<action>", "the event's action, such as TASKS_CREATED")
    .requiredOption("--payload <file>", "file with the payload, a JSON object; - reads standard input")
    .option("--project <number>", "the project in which it happened")
    .option("--id <key>", "idempotency key: repeated with the same content within 24 hours, nothing is sent again")
    .action((action: string, options: SendOptions) => send({ action, options, io }));
  finish(
    command,
    "send TASKS_CREATED --payload task.json --project 1",
    "events example TASKS_CREATED | hookwright send TASKS_CREATED --payload - --project 1",
  );
}

async function send(of: {
  readonly action: string;
  readonly options: SendOptions;
  readonly io: CommandIo;
}): Promise<void> {
  const { action, options, io } = of;
  const head = {
    action,
    ...(options.project === undefined ? {} : { project: positive(options.project, "--project") }),
    ...(options.id === undefined ? {} : { id: options.id }),
  };
  const payload = await readPayload(options.payload, io);
  // Spliced, not parsed and written again: numbers beyond 2⁵³ are sent as they stand in the file.
  const body = `${JSON.stringify(head).slice(0, -1)},"payload":${payload}}`;
  const answer = await new ApiClient(io).call({ method: "POST", path: "/api/events/", body });
  if (options.json) return io.print(answer.text);
  // The documented answer of this route.
  const sent = JSON.parse(answer.text) as {
    readonly id: string;
    readonly action: string;
    readonly deliveries: number;
    readonly duplicate: boolean;
    readonly parts?: readonly string[];
  };
  const parts = sent.parts === undefined ? "" : ` in ${sent.parts.length} parts`;
  const nobody =
    options.project === undefined
      ? ": without --project only organization webhooks are asked, where the service allows them (LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS)"
      : ": none of them wants it";
  const to = `${sent.deliveries} webhook${sent.deliveries === 1 ? "" : "s"}${sent.deliveries === 0 ? nobody : ""}`;
  io.print(
    sent.duplicate ? `${sent.id}  ${sent.action} was accepted before` : `${sent.id}  ${sent.action}${parts} to ${to}`,
  );
}

async function readPayload(file: string, io: CommandIo): Promise<string> {
  const text = file === "-" ? await readAll(io.stdin) : await readText(file);
  const source = file === "-" ? "standard input" : file;
  try {
    JSON.parse(text);
  } catch (error) {
    throw new CommandError(`The payload in ${source} is no JSON: ${messageOf(error)}.`, { cause: error });
  }
  return text.trim();
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CommandError(`The payload file ${resolve(file)} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}
