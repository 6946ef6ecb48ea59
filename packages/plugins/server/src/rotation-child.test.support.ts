// A process that changes the key of stored secrets and dies at a named point: `FOLDER POINT`.

import { SealedWebhooks } from "@hookwright/core/internal";
import { sqlite } from "@hookwright/plugin-sqlite";
import { dataFolder } from "./data-folder.js";
import { knownSecretKeys, rotateSecretKey } from "./secret-keys.js";

const [path = "", point = ""] = process.argv.slice(2);
const folder = dataFolder(path);

function reach(name: string): void {
  if (name === point) process.kill(process.pid, "SIGKILL");
}

const store = sqlite({ file: folder.database });
await store.open();
const webhooks = new SealedWebhooks(store.webhooks);
await webhooks.unlock(knownSecretKeys(undefined, folder));
let steps = 0;
await rotateSecretKey({
  configured: undefined,
  folder,
  reseal: async (keys) => {
    reach("the new key is written");
    const onProgress = (): void => {
      steps += 1;
      reach(`step ${steps} is done`);
    };
    const report = await webhooks.reseal(keys, { onProgress });
    reach("everything is sealed anew");
    return report;
  },
});
reach("the old key is dropped");
await store.close();
