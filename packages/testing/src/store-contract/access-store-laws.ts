import type { AccessToken } from "@hookwright/core";
import { expect } from "vitest";
import { organizationId } from "../builders/ids.js";
import type { Law } from "./law.js";

/** Every promise of `AccessStore`. */
export function accessStoreLaws(law: Law): void {
  law("a token is found by its hash, as it was added", async ({ store }) => {
    const added = await store.access.add(token({ name: "deploy" }));
    expect(added).toEqual({ ...token({ name: "deploy" }), id: added.id });
    expect(await store.access.find(hashA)).toEqual(added);
    expect(await store.access.find(hashB)).toBeUndefined();
  });

  law("adding a known hash answers the token that has it, unchanged", async ({ store }) => {
    const first = await store.access.add(token({ name: "first" }));
    const second = await store.access.add(token({ name: "second", organization: organizationId(2), createdAt: 5 }));
    expect(second).toEqual(first);
    expect(await store.access.list(organizationId(2))).toEqual([]);
  });

  law("tokens are listed by organization and by rising id", async ({ store }) => {
    const first = await store.access.add(token({ hash: hashB }));
    const second = await store.access.add(token({ hash: hashA }));
    await store.access.add(token({ hash: hashC, organization: organizationId(2) }));
    expect(await store.access.list(organizationId(1))).toEqual([first, second]);
    expect(second.id).toBeGreaterThan(first.id);
  });

  law("a removed token is found no more", async ({ store }) => {
    const added = await store.access.add(token());
    expect(await store.access.remove(added.organization, added.id)).toBe(true);
    expect(await store.access.find(hashA)).toBeUndefined();
    expect(await store.access.remove(added.organization, added.id)).toBe(false);
  });

  law("no organization removes another's token", async ({ store }) => {
    const added = await store.access.add(token());
    expect(await store.access.remove(organizationId(2), added.id)).toBe(false);
    expect(await store.access.find(hashA)).toEqual(added);
  });
}

const hashA = "a".repeat(64);
const hashB = "b".repeat(64);
const hashC = "c".repeat(64);

function token(changes: Partial<AccessToken> = {}): Omit<AccessToken, "id"> {
  const { organization = organizationId(1), name = "token", hash = hashA, createdAt = 1_767_225_600_000 } = changes;
  return { organization, name, hash, createdAt };
}
