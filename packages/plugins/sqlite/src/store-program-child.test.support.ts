// The program behind StoreProgram: `open FILE` opens the store and has nothing more to do; `hold FILE` waits; `fill FILE` emits
// events until one fails, says what was answered and what failed, and whether it can still read.

import { createWebhooks, HookwrightError } from "@hookwright/core";
import { sqlite } from "./sqlite-store.js";

const [task, file = ""] = process.argv.slice(2);

try {
  if (task === "fill") await fill();
  else await sqlite({ file }).open();
  if (task === "open") say("open");
  if (task === "hold") {
    say("open");
    setInterval(() => undefined, 60_000);
  }
} catch (error) {
  say(textOf(error));
}

async function fill(): Promise<void> {
  const host = await createWebhooks({ store: sqlite({ file }) });
  await host.start({ deliver: false });
  await host.webhooks.create({ url: "https://receiver.example/hook", project: 12 });
  say("open");
  try {
    for (let id = 1; ; id += 1) {
      const receipt = await host.emit("TASKS_CREATED", { tasks: [{ id, text: "x".repeat(2_000) }] }, { project: 12 });
      say(`stored ${receipt.id}`);
    }
  } catch (error) {
    say(textOf(error));
  }
  say((await host.deliveries.list()).length > 0 ? "reads" : "reads nothing");
  // The parent kills it.
  setInterval(() => undefined, 60_000);
}

function textOf(error: unknown): string {
  return error instanceof HookwrightError ? `failed ${error.code} ${error.message}` : `failed ${error}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
