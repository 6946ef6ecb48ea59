import type { Command } from "commander";
import { ApiClient } from "./api-client.js";
import type { CommandIo } from "./command-io.js";
import { finish, type JsonOption, positive } from "./options.js";
import { readSecretFile } from "./secret-file.js";
import { fields, time } from "./table.js";
import type { WebhookView } from "./webhook-view.js";

/** The answer of the routes that set a secret. */
interface SecretView {
  readonly secret: string;
  readonly previous_until: string | null;
}

interface SecretOptions extends JsonOption {
  readonly secretFile?: string;
}

interface RotateOptions extends SecretOptions {
  readonly overlap?: string;
}

const fileOption = "--secret-file <file>";
const fileMeaning =
  "a file with a secret that the receiver knows already, - for standard input; one is made without it";

/** `webhooks secret`: what a webhook's messages are signed with. */
export function addWebhookSecret(webhooks: Command, io: CommandIo): void {
  const group = webhooks
    .command("secret")
    .description("What a webhook's messages are signed with: set, rotate, remove.");
  for (const add of [addSet, addRotate, addRemove]) add(group, io);
}

function addSet(group: Command, io: CommandIo): void {
  const command = group
    .command("set")
    .description("Sign with this secret alone, from the next attempt on. It is shown this once.")
    .argument("<id>", "the webhook's number")
    .option(fileOption, fileMeaning)
    .action(async (id: string, options: SecretOptions) => {
      const answer = await new ApiClient(io).put(pathOf(id), await secretOf(options, io));
      io.print(options.json ? answer.text : madeText(JSON.parse(answer.text) as SecretView));
    });
  finish(command, "webhooks secret set 1", "webhooks secret set 1 --secret-file secret.txt");
}

function addRotate(group: Command, io: CommandIo): void {
  const command = group
    .command("rotate")
    .description("Sign with a new secret, and until the overlap ends with those before it too. It is shown this once.")
    .argument("<id>", "the webhook's number")
    .option("--overlap <duration>", "how long the secrets before it go on, such as 24h; 0s ends them now", "24h")
    .option(fileOption, fileMeaning)
    .action(async (id: string, options: RotateOptions) => {
      const body = { ...(await secretOf(options, io)), overlap: options.overlap };
      const answer = await new ApiClient(io).post(`${pathOf(id)}rotate/`, body);
      io.print(options.json ? answer.text : madeText(JSON.parse(answer.text) as SecretView));
    });
  finish(command, "webhooks secret rotate 1 --overlap 1h");
}

function addRemove(group: Command, io: CommandIo): void {
  const command = group
    .command("remove")
    .description("What the webhook gets is no longer signed.")
    .argument("<id>", "the webhook's number")
    .action(async (id: string, options: JsonOption) => {
      const client = new ApiClient(io);
      const { text } = await client.get(`/api/webhooks/${positive(id, "The webhook")}/`);
      const { secret_set: hadOne } = JSON.parse(text) as WebhookView;
      await client.delete(pathOf(id));
      if (options.json) return io.print(JSON.stringify({ removed: Number(id) }));
      io.print(hadOne ? `Webhook ${id} has no secret any more.` : `Webhook ${id} had no secret: nothing was removed.`);
    });
  finish(command, "webhooks secret remove 1");
}

async function secretOf({ secretFile }: SecretOptions, io: CommandIo): Promise<{ readonly secret?: string }> {
  return secretFile === undefined ? {} : { secret: await readSecretFile(secretFile, io) };
}

function pathOf(id: string): string {
  return `/api/webhooks/${positive(id, "The webhook")}/secret/`;
}

function madeText({ secret, previous_until: until }: SecretView): string {
  const shown = fields({ secret, ...(until === null ? {} : { "old ones until": time(until) }) });
  return `${shown}\n\nGive it to the receiver now: it is not shown again.`;
}
