import { expect, test } from "vitest";
import { type JobView, jobEndText, progressText } from "./job-view.js";

const job: JobView = {
  id: "job_1",
  kind: "replay",
  webhook: 3,
  request: { since: "2026-07-20T10:00:00Z", until: "2026-07-21T10:00:00Z", status: "failed", missing: false },
  state: "running",
  error: null,
  examined: 70,
  queued: 40,
  created: 20,
  skipped: 0,
  total: 120,
  created_at: "2026-07-21T10:00:00Z",
  updated_at: "2026-07-21T10:00:01Z",
  finished_at: null,
};

test("a bar shows the part that is done, and never more than all", () => {
  expect(progressText(job)).toBe(`[${"#".repeat(15)}${".".repeat(15)}] 60 of 120`);
  expect(progressText({ ...job, queued: 0, created: 0 })).toBe(`[${".".repeat(30)}] 0 of 120`);
  expect(progressText({ ...job, total: 50 })).toBe(`[${"#".repeat(30)}] 60 of 50`);
  expect(progressText({ ...job, total: 0 })).toContain("#".repeat(30));
});

test("where nobody knows how much there is, it says what was done", () => {
  expect(progressText({ ...job, total: null })).toBe("60 queued again or added, 70 looked at");
});

test("the end names its reason, and nothing in it moves the cursor", () => {
  expect(jobEndText({ ...job, state: "failed", error: "no\u001b[2Jmask" })).toBe(
    "Replay job_1 of webhook 3 is failed: no\uFFFD[2Jmask. 40 queued again, 20 added. They go out as the webhook takes them.",
  );
  expect(jobEndText({ ...job, state: "done", skipped: 3 })).toBe(
    "Replay job_1 of webhook 3 is done. 40 queued again, 20 added, 3 skipped because a transform failed. They go out as the webhook takes them.",
  );
});
