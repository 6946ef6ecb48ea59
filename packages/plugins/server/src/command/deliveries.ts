import type { Command } from "commander";
import { ApiClient } from "./api-client.js";
import { type CommandIo, UsageError } from "./command-io.js";
import { type DeliveryRow, type DeliveryView, deliveriesText, deliveryText, isHeld } from "./delivery-view.js";
import { finish, type JsonOption, positive } from "./options.js";
import { addReplay } from "./replay.js";
import { timeOf } from "./time-option.js";
import type { WebhookView } from "./webhook-view.js";

interface ListOptions extends JsonOption {
  readonly webhook?: string;
  readonly action?: string;
  readonly project?: string;
  readonly status?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly cursor?: string;
}

/** `deliveries`: what was sent, and what became of it. */
export function addDeliveries(program: Command, io: CommandIo): void {
  const group = program
    .command("deliveries")
    .description("What was sent, and what became of it: list, show, retry, replay.");
  for (const add of [addList, addShow, addRetry, addReplay]) add(group, io);
}

function addList(group: Command, io: CommandIo): void {
  const command = group
    .command("list")
    .description("List deliveries, newest first.")
    .option("--webhook <number>", "only to this webhook")
    .option("--action <action>", "only of this action")
    .option("--project <number>", "only of this project")
    .option("--status <status>", "only pending, delivered, failed or cancelled")
    .option("--since <time>", "only from this time on, such as 2026-07-20T10:00:00Z, or 1h for an hour ago")
    .option("--until <time>", "only before this time")
    .option("--limit <number>", "how many at most, up to 1000", "20")
    .option("--cursor <text>", "go on where the list before ended")
    .action(async (options: ListOptions) => {
      const answer = await new ApiClient(io).get("/api/deliveries/", {
        webhook: options.webhook === undefined ? undefined : positive(options.webhook, "--webhook"),
        project: options.project === undefined ? undefined : positive(options.project, "--project"),
        action: options.action,
        status: options.status,
        since: await timeOf(options.since),
        until: await timeOf(options.until),
        limit: positive(options.limit, "--limit"),
        cursor: options.cursor,
      });
      if (options.json) return io.print(answer.text);
      const { results, next } = JSON.parse(answer.text) as DeliveryPage;
      io.print(deliveriesText(results));
      if (next !== null) io.print(`There are more: add --cursor ${next}`);
    });
  finish(command, "deliveries list --status failed --limit 5");
}

interface DeliveryPage {
  readonly results: readonly DeliveryRow[];
  readonly next: string | null;
}

function addShow(group: Command, io: CommandIo): void {
  const command = group
    .command("show")
    .description("Show one delivery: its request, and every attempt.")
    .argument("<id>", "the delivery, dlv_…")
    .action(async (id: string, options: JsonOption) => {
      const client = new ApiClient(io);
      const answer = await client.get(pathOf(id));
      if (options.json) return io.print(answer.text);
      const delivery = JSON.parse(answer.text) as DeliveryView;
      io.print(deliveryText(delivery, await targetOf(delivery, client)));
    });
  finish(command, "deliveries show dlv_…");
}

function addRetry(group: Command, io: CommandIo): void {
  const command = group
    .command("retry")
    .description("Send a delivery once more, now.")
    .argument("<id>", "the delivery, dlv_…")
    .action(async (id: string, options: JsonOption) => {
      const client = new ApiClient(io);
      const answer = await client.post(`${pathOf(id)}retry/`, {});
      if (options.json) return io.print(answer.text);
      const delivery = JSON.parse(answer.text) as DeliveryView;
      const isKept = isHeld(delivery, await targetOf(delivery, client));
      const kept = `; webhook ${delivery.webhook} is switched off, and it goes out when that is switched on`;
      io.print(`${id} is queued to be sent once more${isKept ? kept : ""}.`);
    });
  finish(command, "deliveries retry dlv_…");
}

/** Where a delivery goes that waits; `undefined` where nothing holds it up. */
async function targetOf({ status, webhook }: DeliveryRow, client: ApiClient): Promise<WebhookView | undefined> {
  if (status !== "pending" || webhook === null) return undefined;
  const { text } = await client.get(`/api/webhooks/${webhook}/`);
  return JSON.parse(text) as WebhookView;
}

function pathOf(id: string): string {
  if (!/^dlv_[A-Za-z0-9]+$/.test(id)) throw new UsageError("A delivery is named by its id, which begins with dlv_.");
  return `/api/deliveries/${id}/`;
}
