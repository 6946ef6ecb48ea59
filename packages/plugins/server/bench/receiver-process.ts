import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** A receiver that runs in a process of its own. */
export interface ReceiverProcess {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startReceiver(delay = 0): Promise<ReceiverProcess> {
  const child: ChildProcess = fork(new URL("receiver.ts", import.meta.url), [String(delay)]);
  const [port] = await once(child, "message");
  return {
    url: `http://127.0.0.1:${port}/hook`,
    stop: async () => {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}
