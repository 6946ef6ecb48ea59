import { createMemoryStore, type JobStore, type Store } from "@hookwright/core";
import { expect, onTestFinished, test } from "vitest";
import { ApiRig } from "../api-rig.test.support.js";
import { eventually } from "../program.test.support.js";

const since = "2026-01-01T00:00:00Z";

/** A store in which the search for cancelled deliveries never ends. */
class EndlessJobs {
  readonly store: Store;
  looked = 0;

  constructor() {
    const inner = createMemoryStore();
    const find: JobStore["find"] = async (scope, cursor, limit) => {
      const page = await inner.jobs.find(scope, cursor, limit);
      if (scope.request.status !== "cancelled") return page;
      this.looked += 1;
      return { ...page, read: 1, next: "" };
    };
    this.store = overlaid(inner, { jobs: overlaid(inner.jobs, { find }) });
  }
}

test("an organization has one dry run at a time, which ends when nobody waits for it any more", async () => {
  const jobs = new EndlessJobs();
  const api = await ApiRig.start({ store: jobs.store });
  onTestFinished(() => api.stop());
  const webhookOf = async (token: string) => {
    const { json } = await api.post("/api/webhooks/", { url: "https://example.com/", project: 1 }, { token });
    return `/api/webhooks/${json["id"]}/replay/`;
  };
  const token = await api.tokenOf(2);
  const [own, other] = [await webhookOf(api.token), await webhookOf(token)];
  const short = { since, dry_run: true };

  const leaving = new AbortController();
  const left = fetch(`${api.url}${own}`, {
    method: "POST",
    headers: { authorization: `Token ${api.token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...short, status: "cancelled" }),
    signal: leaving.signal,
  }).catch(() => undefined);
  await eventually(() => (jobs.looked > 2 ? true : undefined));
  expect(await api.post(own, short)).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  expect((await api.post(other, short, { token })).status).toBe(200);

  leaving.abort();
  await left;
  await eventually(async () => ((await api.post(own, short)).status === 200 ? true : undefined));
  // Of the 1,000,000 that a dry run looks at otherwise.
  expect(jobs.looked).toBeLessThan(100_000);
  expect(api.log.filter(({ message }) => / 500 /.test(message))).toEqual([]);
});

test("no more than eight dry runs go on at once, of all organizations", async () => {
  const jobs = new EndlessJobs();
  const api = await ApiRig.start({ store: jobs.store });
  onTestFinished(() => api.stop());
  const leaving = new AbortController();
  const preview = async (organization: number, status: "cancelled" | "failed") => {
    const { id } = await api.hooks.webhooks.create({ url: "https://example.com/", project: 1 }, { organization });
    const options = { organization, signal: leaving.signal };
    return api.hooks.webhooks.previewReplay(id, { since: Date.parse(since), status }, options);
  };
  const running = Array.from({ length: 8 }, (_, index) => preview(index + 1, "cancelled"));
  await eventually(() => (jobs.looked > 100 ? true : undefined));
  await expect(preview(9, "failed")).rejects.toMatchObject({ code: "overloaded" });
  leaving.abort();
  for (const survey of await Promise.all(running)) expect(survey.complete).toBe(false);
  expect(await preview(9, "failed")).toMatchObject({ complete: false });
});

test("a replay that is asked for while another one is counted begins without a total", async () => {
  const jobs = new EndlessJobs();
  const api = await ApiRig.start({ store: jobs.store });
  onTestFinished(() => api.stop());
  const { id } = await api.hooks.webhooks.create({ url: "https://example.com/", project: 1 });
  const replay = (status: "cancelled" | "failed") =>
    api.hooks.webhooks.replay(id, { since: Date.parse(since), status });
  expect(await replay("failed")).toMatchObject({ total: 0 });
  const counted = replay("cancelled");
  await eventually(() => (jobs.looked > 2 ? true : undefined));
  expect(await replay("failed")).toMatchObject({ total: null });
  await api.hooks.jobs.cancel((await counted).id);
});

/** The same object with other members. */
function overlaid<Port extends object>(port: Port, members: Partial<Port>): Port {
  return new Proxy(port, {
    get: (of, name) => {
      if (name in members) return members[name as keyof Port];
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}
