import type { Command } from "commander";
import { ApiClient } from "./api-client.js";
import { type CommandIo, UsageError } from "./command-io.js";
import { type JobView, jobEndText, jobsText, jobText } from "./job-view.js";
import { finish, type JsonOption, positive } from "./options.js";

interface ListOptions extends JsonOption {
  readonly limit: string;
  readonly cursor?: string;
}

interface JobPage {
  readonly results: readonly JobView[];
  readonly next: string | null;
}

/** `jobs`: long work of the service, such as replays. */
export function addJobs(program: Command, io: CommandIo): void {
  const group = program.command("jobs").description("Long work of the service, such as replays: list, show, cancel.");
  for (const add of [addList, addShow, addCancel]) add(group, io);
}

function addList(group: Command, io: CommandIo): void {
  const command = group
    .command("list")
    .description("List jobs, newest first.")
    .option("--limit <number>", "how many at most, up to 1000", "20")
    .option("--cursor <text>", "go on where the list before ended")
    .action(async ({ limit, cursor, json }: ListOptions) => {
      const answer = await new ApiClient(io).get("/api/jobs/", { limit: positive(limit, "--limit"), cursor });
      if (json) return io.print(answer.text);
      const { results, next } = JSON.parse(answer.text) as JobPage;
      io.print(jobsText(results));
      if (next !== null) io.print(`There are more: add --cursor ${next}`);
    });
  finish(command, "jobs list --limit 5");
}

function addShow(group: Command, io: CommandIo): void {
  const command = group
    .command("show")
    .description("Show how far a job has come.")
    .argument("<id>", "the job, job_…")
    .action(async (id: string, options: JsonOption) => {
      const answer = await new ApiClient(io).get(pathOf(id));
      io.print(options.json ? answer.text : jobText(JSON.parse(answer.text) as JobView));
    });
  finish(command, "jobs show job_…");
}

function addCancel(group: Command, io: CommandIo): void {
  const command = group
    .command("cancel")
    .description("Cancel a job. What it has queued already is sent.")
    .argument("<id>", "the job, job_…")
    .action(async (id: string, options: JsonOption) => {
      const client = new ApiClient(io);
      const before = JSON.parse((await client.get(pathOf(id))).text) as JobView;
      const answer = await client.delete(pathOf(id));
      if (options.json) return io.print(answer.text);
      const late = before.state === "running" ? "" : "Nothing to cancel: it had ended before. ";
      io.print(`${late}${jobEndText(JSON.parse(answer.text) as JobView)}`);
    });
  finish(command, "jobs cancel job_…");
}

function pathOf(id: string): string {
  if (!/^job_[A-Za-z0-9]+$/.test(id)) throw new UsageError("A job is named by its id, which begins with job_.");
  return `/api/jobs/${id}/`;
}
