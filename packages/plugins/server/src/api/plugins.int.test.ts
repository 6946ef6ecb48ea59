import { definePlugin } from "@hookwright/core";
import { expect, onTestFinished, test } from "vitest";
import { ApiRig } from "../api-rig.test.support.js";

test("what the code of a failed plugin said stands in the log, and is shown to no token", async () => {
  const billing = definePlugin({
    name: "billing",
    version: "1.0.0",
    setup() {
      throw new Error("postgres://billing:s3cret@db refused the connection");
    },
  });
  const api = await ApiRig.start({ plugins: [billing] });
  onTestFinished(() => api.stop());
  const answer = await api.get("/api/plugins/", { token: await api.tokenOf(2) });
  expect(answer.json["results"]).toMatchObject([
    { name: "server", error: null },
    {
      name: "billing",
      state: "failed",
      error: { code: "plugin_failed", message: "The log of the service says what went wrong in plugin billing." },
    },
  ]);
  expect(answer.text).not.toContain("s3cret");
  const logged = api.log.filter(({ level, message }) => level === "error" && message.includes("s3cret"));
  expect(logged).toMatchObject([{ fields: { plugin: "billing" } }]);
});
