import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { ApiClient } from "./api-client.js";
import { type CommandIo, programName } from "./command-io.js";
import { type JobView, jobEndText, progressText } from "./job-view.js";
import { finish, type JsonOption, positive } from "./options.js";
import { timeOf } from "./time-option.js";

interface ReplayOptions extends JsonOption {
  readonly webhook: string;
  readonly since: string;
  readonly until?: string;
  readonly status?: string;
  readonly missing?: true;
  readonly dryRun?: true;
  readonly wait?: true;
}

interface Preview {
  readonly queued: number;
  readonly created: number;
  readonly complete: boolean;
}

/** Between two looks at a job, in milliseconds. */
const interval = 200;

/** `deliveries replay`: sends past events again, as a job of the service. */
export function addReplay(group: Command, io: CommandIo): void {
  const command = group
    .command("replay")
    .description("Send past events to a webhook again, as a job that goes on by itself.")
    .requiredOption("--webhook <number>", "to this webhook")
    .requiredOption("--since <time>", "from this time on, such as 2026-07-20T10:00:00Z, or 1h for an hour ago")
    .option("--until <time>", "before this time; now unless given")
    .option("--status <status>", "send failed, delivered or cancelled ones again; failed unless --missing stands alone")
    .option("--missing", "send what it wants and never had, also what came before the webhook did")
    .option("--dry-run", "only tell what it would come to")
    .option("--wait", "stay until all is queued; Ctrl-C leaves it running")
    .action((options: ReplayOptions) => replay(options, io));
  finish(
    command,
    "deliveries replay --webhook 3 --since 2026-07-20T10:00:00Z --wait",
    "deliveries replay --webhook 3 --since 2026-07-01 --missing --dry-run",
  );
}

async function replay({ webhook, json, wait: stay, dryRun, ...rest }: ReplayOptions, io: CommandIo): Promise<void> {
  const client = new ApiClient(io);
  const { status, missing } = rest;
  const [since, until] = [await timeOf(rest.since), await timeOf(rest.until)];
  const body = { since, until, status, missing, dry_run: dryRun };
  const path = `/api/webhooks/${positive(webhook, "--webhook")}/replay/`;
  const answer = await client.post(path, body);
  if (dryRun) {
    if (json) return io.print(answer.text);
    const preview = JSON.parse(answer.text) as Preview;
    if (missing) return io.print(previewText(preview));
    const more = await client.post(path, { since, until, missing: true, dry_run: true });
    return io.print(`${previewText(preview)}${missingText(JSON.parse(more.text) as Preview)}`);
  }
  const job = JSON.parse(answer.text) as JobView;
  if (stay) return follow(job, { client, io, json });
  if (json) return io.print(answer.text);
  io.print(
    `Replay ${job.id} of webhook ${job.webhook} has begun${job.total === null ? "" : `: ${job.total} to queue`}.`,
  );
  io.tell(howToGoOn(job, io));
}

interface Following {
  readonly client: ApiClient;
  readonly io: CommandIo;
  readonly json: true | undefined;
}

/** Shows the job until it has ended, or the person has seen enough. */
async function follow(begun: JobView, { client, io, json }: Following): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once("SIGINT", onSignal);
  try {
    let text = JSON.stringify(begun);
    let job = begun;
    for (; job.state === "running"; job = JSON.parse(text) as JobView) {
      if (io.terminal) io.draw(progressText(job));
      await wait(interval, undefined, { signal: interrupt.signal });
      ({ text } = await client.get(`/api/jobs/${job.id}/`));
    }
    if (io.terminal) io.draw("");
    io.print(json ? text : jobEndText(job));
    if (job.state !== "done") io.fail();
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    if (io.terminal) io.draw("");
    io.tell(`Replay ${begun.id} goes on. ${howToGoOn(begun, io)}`);
    io.fail();
  } finally {
    process.off("SIGINT", onSignal);
  }
}

function howToGoOn({ id }: JobView, { environment }: CommandIo): string {
  const name = programName(environment);
  return `See it with "${name} jobs show ${id}", cancel it with "${name} jobs cancel ${id}".`;
}

function previewText({ queued, created, complete }: Preview): string {
  const text = `${queued} would be queued again, ${created} added.`;
  return complete ? text : `At least ${text} Not everything was looked at.`;
}

/** What came while the webhook was off, or before it asked for it, is easily overlooked. */
function missingText({ created, complete }: Preview): string {
  if (created === 0) return "";
  return ` ${complete ? "" : "At least "}${created} that it never had would be added with --missing.`;
}
