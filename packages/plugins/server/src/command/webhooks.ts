import type { Command } from "commander";
import { type ApiAnswer, ApiClient } from "./api-client.js";
import { type CommandIo, programName, UsageError } from "./command-io.js";
import type { DeliveryView } from "./delivery-view.js";
import { withNearest } from "./nearest-action.js";
import { finish, type JsonOption, positive } from "./options.js";
import {
  addWebhookOptions,
  type ScopeOptions,
  scopeOf,
  type WebhookOptions,
  webhookFields,
} from "./webhook-options.js";
import { addWebhookSecret } from "./webhook-secret.js";
import { type WebhookView, webhooksText, webhookText, withoutSecrets } from "./webhook-view.js";

/** `webhooks`: who gets which events. */
export function addWebhooks(program: Command, io: CommandIo): void {
  const group = program
    .command("webhooks")
    .description("Who gets which events: list, add, show, edit, remove, test, secret.");
  for (const add of [addList, addAdd, addShow, addEdit, addRemove, addTest, addWebhookSecret]) add(group, io);
}

function addList(group: Command, io: CommandIo): void {
  const command = group
    .command("list")
    .description("List webhooks.")
    .option("--project <number>", "only those of this project")
    .option("--organization-wide", "only those of the organization as a whole")
    .action(async (options: ScopeOptions & JsonOption) => {
      const project = scopeOf(options);
      const answer = await new ApiClient(io).get("/api/webhooks/", {
        ...(project === undefined ? {} : { project: String(project) }),
      });
      const webhooks = (JSON.parse(answer.text) as readonly WebhookView[]).map(withoutSecrets);
      io.print(options.json ? JSON.stringify(webhooks) : webhooksText(webhooks));
    });
  finish(command, "webhooks list --project 1");
}

function addAdd(group: Command, io: CommandIo): void {
  const command = group
    .command("add")
    .description("Add a webhook. Without --action it gets every event of its project.")
    .argument("<url>", "where requests go")
    .option("--project <number>", "the project whose events it gets")
    .option("--organization-wide", "gets the events of every project and of the organization");
  addWebhookOptions(command).action(async (url: string, options: WebhookOptions & ScopeOptions & JsonOption) => {
    const project = scopeOf(options);
    if (project === undefined)
      throw new UsageError("Say whose events it gets: --project <number> or --organization-wide.");
    const body = { url, project, ...webhookFields(options) };
    const client = new ApiClient(io);
    const answer = await withNearest(options, client, () => client.post("/api/webhooks/", body));
    printWebhook({ answer, options, io });
  });
  finish(
    command,
    "webhooks add https://example.com/hook --project 1",
    "webhooks add https://example.com/hook --project 1 --action TASKS_CREATED --header 'X-Team: labels'",
  );
}

function addShow(group: Command, io: CommandIo): void {
  const command = group
    .command("show")
    .description("Show one webhook. Header values are hidden.")
    .argument("<id>", "the webhook's number")
    .action(async (id: string, options: JsonOption) =>
      printWebhook({ answer: await new ApiClient(io).get(pathOf(id)), options, io }),
    );
  finish(command, "webhooks show 1");
}

interface EditOptions extends WebhookOptions, JsonOption {
  readonly url?: string;
  readonly allActions?: true;
  readonly active?: true;
}

function addEdit(group: Command, io: CommandIo): void {
  const command = group
    .command("edit")
    .description("Change what is named; everything else stays. --action and --header replace all that were there.")
    .argument("<id>", "the webhook's number")
    .option("--url <url>", "where requests go");
  addWebhookOptions(command)
    .option("--all-actions", "gets every event of its project")
    .option("--no-header", "remove all headers")
    .option("--payload", "send the payload")
    .option("--active", "switch it on")
    .option("--no-ordered", "messages may overtake one another")
    .option("--no-handshake", "ask the receiver no more")
    .action(async (id: string, options: EditOptions) => {
      const change = changeOf(options);
      const client = new ApiClient(io);
      const before = options.active && !options.json ? parsed(await client.get(pathOf(id))) : undefined;
      const answer = await withNearest(options, client, () => client.patch(pathOf(id), change));
      printWebhook({ answer, options, io });
      if (before?.is_active === false) io.tell(missedText(before, io));
    });
  finish(command, "webhooks edit 1 --inactive", "webhooks edit 1 --action TASKS_CREATED --action TASKS_DELETED");
}

/** Switching it on brings nothing back by itself. */
function missedText({ id, disabled_at: disabledAt, created_at: createdAt }: WebhookView, io: CommandIo): string {
  const since = disabledAt ?? createdAt;
  const replay = `deliveries replay --webhook ${id} --since ${since} --missing`;
  return `What came since ${since}, while it was off, got no delivery for it. To send it: ${programName(io.environment)} ${replay}`;
}

function changeOf(options: EditOptions): Readonly<Record<string, unknown>> {
  const { url, allActions, active, inactive, action } = options;
  if (active && inactive) throw new UsageError("--active and --inactive exclude each other.");
  if (allActions && action !== undefined) throw new UsageError("--all-actions and --action exclude each other.");
  const change = {
    ...webhookFields(options),
    ...(url === undefined ? {} : { url }),
    ...(allActions === undefined ? {} : { send_for_all_actions: true }),
    ...(active === undefined ? {} : { is_active: true }),
  };
  if (Object.keys(change).length > 0) return change;
  throw new UsageError("Nothing to change: name at least one option.");
}

function addRemove(group: Command, io: CommandIo): void {
  const command = group
    .command("remove")
    .description("Remove a webhook. What waits for it is cancelled.")
    .argument("<id>", "the webhook's number")
    .action(async (id: string, options: JsonOption) => {
      await new ApiClient(io).delete(pathOf(id));
      io.print(options.json ? JSON.stringify({ removed: Number(id) }) : `Webhook ${id} removed.`);
    });
  finish(command, "webhooks remove 1");
}

interface TestOptions extends JsonOption {
  readonly action?: string;
}

function addTest(group: Command, io: CommandIo): void {
  const command = group
    .command("test")
    .description("Send an example now, also to a webhook that is switched off. Exit code 1 when it did not arrive.")
    .argument("<id>", "the webhook's number")
    .option("--action <action>", "whose example to send; one that the webhook wants unless named")
    .action(async (id: string, options: TestOptions) => {
      const wanted = options.action === undefined ? {} : { action: options.action };
      const answer = await new ApiClient(io).post(`${pathOf(id)}test/`, wanted);
      const tested = JSON.parse(answer.text) as DeliveryView;
      if (tested.status !== "delivered") io.fail();
      io.print(options.json ? answer.text : testText(id, tested));
    });
  finish(command, "webhooks test 1 --action ANNOTATION_CREATED");
}

function testText(id: string, { status, action, attempts }: DeliveryView): string {
  const [attempt] = attempts;
  const duration = `${Math.round(attempt?.duration ?? 0)} ms`;
  if (status === "delivered") return `Webhook ${id} answered ${attempt?.status} to ${action} in ${duration}.`;
  return `Webhook ${id} did not take ${action} (${attempt?.code}, ${duration}): ${attempt?.error ?? `status ${attempt?.status}`}`;
}

function pathOf(id: string): string {
  return `/api/webhooks/${positive(id, "The webhook")}/`;
}

function printWebhook({ answer, options, io }: { answer: ApiAnswer; options: JsonOption; io: CommandIo }): void {
  const webhook = withoutSecrets(parsed(answer));
  io.print(options.json ? JSON.stringify(webhook) : webhookText(webhook));
}

function parsed({ text }: ApiAnswer): WebhookView {
  // The documented answer of every route that is about one webhook.
  return JSON.parse(text) as WebhookView;
}
