// The program behind AnnotatingProgram: emits annotations 1 to `total`, says how many were accepted, then waits until all is delivered.

import { createWebhooks, type Plugin } from "@hookwright/core";
import { sqlite } from "@hookwright/plugin-sqlite";

const options = JSON.parse(process.argv[2] ?? "{}");
const { plugin, file, trainer, limit, total } = options;
// By path: plain Node resolves no `.js` that is a `.ts`.
const { default: trainAfterAnnotations }: { default: Plugin } = await import(plugin);

const hooks = await createWebhooks({
  store: sqlite({ file }),
  plugins: [trainAfterAnnotations({ annotations: limit })],
  settings: { allowTargets: "loopback", retrySchedule: "1s,1s,1s", timeout: 10_000 },
});
await hooks.start();
process.on("SIGTERM", () => hooks.stop());

if ((await hooks.webhooks.list()).length === 0)
  await hooks.webhooks.create({ url: trainer, project: 12, actions: ["TRAINING_DUE"] });

// From the first one each time: what was accepted before is known by its id.
for (let id = 1; id <= total; id += 1) {
  await hooks.emit("ANNOTATION_CREATED", { annotation: { id } }, { project: 12, id: `annotation-${id}` });
  process.stdout.write(`accepted ${id}\n`);
}
while ((await hooks.deliveries.list({ status: "pending", limit: 1 })).length > 0 || hooks.inFlight > 0)
  await new Promise((resolve) => setTimeout(resolve, 10));
process.stdout.write("idle\n");
