import type { Command } from "commander";
import type { DataFolder } from "../data-folder.js";
import type { IssuedToken, TokenRequest } from "../issued-token.js";
import { requestToken } from "../machine-socket.js";
import { ApiClient } from "./api-client.js";
import { CommandError, type CommandIo } from "./command-io.js";
import { finish, type JsonOption, positive } from "./options.js";
import { folderOf } from "./service-access.js";
import { fields, table, time } from "./table.js";

/** A token as the API answers it; its value only when it was just made. */
interface TokenView {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
  readonly value?: string;
}

interface CreateOptions extends JsonOption {
  readonly name: string;
  readonly organization?: string;
}

/** `token`: who may call. */
export function addToken(program: Command, io: CommandIo): void {
  const group = program.command("token").description("Who may call the API: create, list, revoke.");
  const create = group
    .command("create")
    .description("Make a token. Its value is shown this once.")
    .option("--name <text>", "what it is for", "made with the command")
    .option(
      "--organization <number>",
      "for this organization and not the caller's; works on the service's machine, on its data folder",
    )
    .action((options: CreateOptions) => createToken(options, io));
  finish(create, "token create --name ci", "token create --organization 2");

  const list = group
    .command("list")
    .description("List the tokens of the caller's organization, without their values.")
    .action(async (options: JsonOption) => {
      const answer = await new ApiClient(io).get("/api/tokens/", { limit: 1_000 });
      if (options.json) return io.print(answer.text);
      const { results } = JSON.parse(answer.text) as { readonly results: readonly TokenView[] };
      io.print(listText(results));
    });
  finish(list, "token list");

  const revoke = group
    .command("revoke")
    .description("Revoke a token: it is refused from now on.")
    .argument("<id>", "the token's number")
    .action(async (id: string, options: JsonOption) => {
      await new ApiClient(io).delete(`/api/tokens/${positive(id, "The token")}/`);
      io.print(options.json ? JSON.stringify({ revoked: Number(id) }) : `Token ${id} revoked.`);
    });
  finish(revoke, "token revoke 2");
}

async function createToken({ name, organization, json }: CreateOptions, io: CommandIo): Promise<void> {
  if (organization === undefined) {
    const answer = await new ApiClient(io).post("/api/tokens/", { name });
    return io.print(json ? answer.text : madeText(JSON.parse(answer.text) as TokenView));
  }
  const wanted = { name, organization: positive(organization, "--organization") };
  const made = await issue(folderOf(io), wanted);
  io.print(json ? JSON.stringify(made) : madeText(made));
}

async function issue(folder: DataFolder, wanted: TokenRequest): Promise<IssuedToken> {
  const answer = await requestToken(folder, wanted);
  if (answer?.kind === "done") return answer.value;
  if (answer !== undefined) throw new CommandError(`The running service made no token: ${answer.reason}`);
  const { issueOffline } = await import("./issue-offline.js");
  return issueOffline(folder, wanted);
}

function madeText({ id, name, value }: Pick<TokenView, "id" | "name" | "value">): string {
  return `${fields({ id, name, token: value })}\n\nKeep it now: it is not shown again.`;
}

function listText(tokens: readonly TokenView[]): string {
  return table(
    tokens,
    [
      { title: "ID", show: (token) => token.id },
      { title: "NAME", show: (token) => token.name },
      { title: "CREATED", show: (token) => time(token.created_at) },
    ],
    "There are no tokens.",
  );
}
