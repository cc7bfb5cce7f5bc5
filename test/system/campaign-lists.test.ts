// SPDX-License-Identifier: Apache-2.0
// Goal: lists of campaigns find what was asked for, in order, each once, whatever
// changes meanwhile; what was not asked rightly is refused.
// Method: campaigns of a category of their own; each filter and order; walks page by
// page while campaigns come, go and change; cursors given to other lists.
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { draftOf, move, patch, publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";

const context = useStack();
const letters = (n: number): string => String(n).replace(/[0-9]/g, (digit) => String.fromCharCode(97 + Number(digit)));
const category = `lists_${letters(Date.now())}`;
const word = `zebra${letters(process.pid)}`;
const day = (n: number): string => new Date(Date.now() + n * 86_400_000).toISOString();
let owner: Person;
const ids = new Map<string, string>();

interface Page {
  items: { id: string; title: string }[];
  next_cursor: string | null;
}

const list = (query: string, headers: Record<string, string> = {}) => context.http.get<Page>(`/api/v1/campaigns?${query}`, headers);
const titles = async (query: string): Promise<string[]> => (await list(`category=${category}&${query}`)).body.items.map((one) => one.title);

async function walk(query: string, between: () => Promise<unknown> = () => Promise.resolve()): Promise<string[]> {
  const seen: string[] = [];
  let where: string | undefined = `/api/v1/campaigns?category=${category}&limit=2&${query}`;
  while (where !== undefined && seen.length < 100) {
    const page: Awaited<ReturnType<typeof list>> = await context.http.get<Page>(where);
    expect(page.status, page.text).toBe(200);
    seen.push(...page.body.items.map((one) => one.title));
    const link = page.headers.get("link") ?? "";
    where = /<([^>]*)>; rel="next"/.exec(link)?.[1];
    expect(where === undefined).toBe(page.body.next_cursor === null);
    if (where !== undefined) await between();
  }
  return seen;
}

beforeAll(async () => {
  owner = await context.login("owner");
  const make = async (title: string, more: Record<string, unknown> = {}) => {
    ids.set(title, (await publishedOf(owner, { title, category, ...more })).id);
  };
  await make("Wells", { summary: `Digging ${word} wells`, ends_at: day(9) });
  await make("Roof", { currency: "USD", goal: { amount: 1000, currency: "USD" }, story: `No ${word} gets wet under it`, ends_at: day(3) });
  await make("Later", { starts_at: day(1), ends_at: day(5) });
  await make("Open");
  await make("Paused", { ends_at: day(7) });
  await make("Shut", { owner: { name: `Friends of ${word}` } });
  await make("Over", { ends_at: day(2) });
  await move(owner, ids.get("Paused") ?? "", "pause");
  await move(owner, ids.get("Shut") ?? "", "close");
  await context.sql.rows("UPDATE careforall.campaigns SET starts_at = now() - interval '3 days', ends_at = now() - interval '1 minute' WHERE id = $1", [ids.get("Over")]);
  await draftOf(owner, { title: "Draft", category, summary: word });
  for (const [title, amount, currency] of [["Wells", 5000, "EUR"], ["Roof", 900, "USD"]] as const) {
    const donor = await context.http.pledge(ids.get(title) ?? "", { amount: { amount, currency }, donor: { name: "Ada", email: "ada@example.org" } });
    expect(donor.status).toBe(201);
  }
  const confirmed = () => context.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = ANY ($1) AND state = 'confirmed'", [[ids.get("Wells"), ids.get("Roof")]]);
  for (let i = 0; i < 200 && (await confirmed()) < 2; i++) await new Promise((done) => setTimeout(done, 50));
  await context.sql.rows("SELECT careforall.campaigns_rank()");
});

describe("filters", () => {
  test("by status: every campaign has exactly one", async () => {
    const expected: Record<string, string[]> = { active: ["Wells", "Roof", "Open"], upcoming: ["Later"], paused: ["Paused"], closed: ["Shut"] };
    const all: string[] = [];
    for (const status of ["active", "upcoming", "paused", "ended", "closed"]) {
      const found = await titles(`status=${status}`);
      all.push(...found);
      if (expected[status]) expect(new Set(found), status).toEqual(new Set([...expected[status], ...(found.includes("Over") ? ["Over"] : [])]));
    }
    // The job may have closed the one that is over already.
    expect(all.sort()).toEqual(["Later", "Open", "Over", "Paused", "Roof", "Shut", "Wells"]);
    expect((await titles("status=active")).includes("Over")).toBe(false);
  });

  test("by words", async () => {
    expect(new Set(await titles(`q=${word}`))).toEqual(new Set(["Wells", "Roof", "Shut"]));
    expect(await titles(`q=${word}+well`)).toEqual(["Wells"]);
    expect(await titles(`q=${word}+-wells+-friends`)).toEqual(["Roof"]);
    expect(await titles(`q=%22digging+${word}%22`)).toEqual(["Wells"]);
    expect(await titles("q=the")).toEqual([]);
    for (const hostile of ["'", "\"", "\\", "a:*&!()", "%27%20OR%201=1--", "<script>", "(((("]) {
      expect((await list(`q=${encodeURIComponent(hostile)}`)).status, hostile).toBe(200);
    }
  });

  test("by currency, and together", async () => {
    expect(await titles("currency=USD")).toEqual(["Roof"]);
    expect(await titles(`currency=EUR&status=active&q=${word}`)).toEqual(["Wells"]);
    expect(await titles("currency=JPY")).toEqual([]);
  });

  test("of a form that is not right, or not known, are refused", async () => {
    const bad = ["status=open", "status=", "sort=oldest", "sort=", "category=A", "category=a__b", `category=${"a".repeat(41)}`, "currency=eur", "currency=EURO", "q=", `q=${"a".repeat(201)}`,
      "q=%01", "q=%ff", "status=active&status=paused", "owner=me", "order=asc", "limit=0", "limit=101", "limit=-1", "limit=ten", "cursor="];
    for (const query of bad) {
      const answer = await list(query);
      expect(answer.status, query).toBe(400);
      expect((answer.body as unknown as { code: string }).code, query).toMatch(/^invalid-(parameter|cursor)$/);
    }
  });
});

describe("orders", () => {
  test("are as they say", async () => {
    expect(await titles("sort=ending_soon")).toEqual(["Roof", "Later", "Paused", "Wells", "Open"]);
    expect((await titles("sort=most_funded")).slice(0, 2)).toEqual(["Roof", "Wells"]);
    expect(await titles("sort=newest")).toEqual(["Over", "Shut", "Paused", "Open", "Later", "Roof", "Wells"]);
    expect(await titles("")).toEqual(await titles("sort=newest"));
  });

  test.each(["newest", "ending_soon", "most_funded"])("%s gives each once, page by page", async (sort) => {
    expect(await walk(`sort=${sort}`)).toEqual(await titles(`sort=${sort}`));
  });

  test.each(["newest", "ending_soon", "most_funded"])("%s gives each once while campaigns come, go and change", async (sort) => {
    const before = await titles(`sort=${sort}`);
    let n = 0;
    const seen = await walk(`sort=${sort}`, async () => {
      const fresh = await publishedOf(owner, { title: `Fresh ${sort} ${n++}`, category, ends_at: day(4) });
      await patch(owner, fresh.id, { title: `Fresh ${sort} changed` });
      await move(owner, fresh.id, "close");
      await patch(owner, ids.get("Open") ?? "", { summary: `Changed ${n}` });
      await context.sql.rows("SELECT careforall.campaigns_rank()");
    });
    expect(seen.filter((title) => !title.startsWith("Fresh"))).toEqual(before.filter((title) => !title.startsWith("Fresh")));
    await context.sql.rows("UPDATE careforall.campaigns SET category = 'other' WHERE category = $1 AND title LIKE 'Fresh%'", [category]);
  });
});

describe("cursors", () => {
  test("serve their own list only", async () => {
    const cursor = (await list(`category=${category}&limit=2&sort=ending_soon`)).body.next_cursor ?? "";
    expect((await list(`category=${category}&limit=5&sort=ending_soon&cursor=${cursor}`)).body.items).toHaveLength(3);
    for (const other of [`limit=2&sort=ending_soon`, `category=${category}`, `category=${category}&sort=most_funded`, `category=${category}&sort=ending_soon&status=active`, `category=other&sort=ending_soon`]) {
      const answer = await list(`${other}&cursor=${cursor}`);
      expect([answer.status, (answer.body as unknown as { code: string }).code], other).toEqual([400, "invalid-cursor"]);
    }
    const flipped = (cursor.startsWith("A") ? "B" : "A") + cursor.slice(1);
    expect((await list(`category=${category}&sort=ending_soon&cursor=${flipped}`)).status).toBe(400);
    const plain = (await list("limit=1")).body.next_cursor ?? "";
    expect((await list(`limit=1&cursor=${plain}`)).status).toBe(200);
    expect((await list(`category=${category}&cursor=${plain}`)).status).toBe(400);
    expect((await owner.http.get(`/api/v1/me/campaigns?cursor=${plain}`)).status).toBe(400);
  });

  test("of one's own campaigns are walked to the end, and are one's own", async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { body: Page } = await owner.http.get<Page>(`/api/v1/me/campaigns?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`);
      seen.push(...page.body.items.map((one) => one.id));
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    const all = await context.sql.rows<{ id: string }>("SELECT id FROM careforall.campaigns WHERE owner_id = $1 ORDER BY id DESC", [owner.id]);
    expect(seen).toEqual(all.map((row) => row.id));
    const theirs = (await owner.http.get<Page>("/api/v1/me/campaigns?limit=1")).body.next_cursor ?? "";
    const other = await context.login("owner");
    expect((await other.http.get(`/api/v1/me/campaigns?cursor=${theirs}`)).status).toBe(400);
  });
});

describe("lists of those who run campaigns", () => {
  interface Managed extends Page {
    items: { id: string; title: string; state: string; role: string | null; right: string; owner: { name: string } }[];
  }
  const managed = (person: Person, where: string, query: string) =>
    person.http.get<Managed>(`/api/v1/${where}/campaigns?${query}`, { Prefer: "count=exact" });

  test("have drafts, and the same filters and orders", async () => {
    const admin = await context.login("admin");
    for (const [person, where, role] of [[owner, "me", "owner"], [admin, "admin", null]] as const) {
      const drafts = await managed(person, where, `category=${category}&status=draft`);
      expect(drafts.body.items.map(({ title, state, role, right }) => ({ title, state, role, right }))).toEqual([{ title: "Draft", state: "draft", role, right: "own" }]);
      expect([drafts.headers.get("x-total-count"), drafts.headers.get("cache-control")]).toEqual(["1", "no-store"]);
      const all: string[] = [];
      for (const status of ["draft", "active", "upcoming", "paused", "ended", "closed"]) {
        const found = await managed(person, where, `category=${category}&status=${status}`);
        all.push(...found.body.items.map((one) => one.title));
        expect(found.headers.get("x-total-count"), status).toBe(String(found.body.items.length));
      }
      expect(all.sort()).toEqual(["Draft", "Later", "Open", "Over", "Paused", "Roof", "Shut", "Wells"]);
      expect((await managed(person, where, `category=${category}&q=AW`)).body.items.map((one) => one.title)).toEqual([]);
      expect((await managed(person, where, `category=${category}&q=RAF`)).body.items.map((one) => one.title)).toEqual(["Draft"]);
      expect((await managed(person, where, `category=${category}&sort=most_funded&limit=2`)).body.items.map((one) => one.title)).toEqual(["Roof", "Wells"]);
      for (const sort of ["newest", "ending_soon", "most_funded"]) {
        const whole = await managed(person, where, `category=${category}&sort=${sort}`);
        const walked: string[] = [];
        let cursor: string | null = "";
        while (cursor !== null && walked.length < 50) {
          const page: Awaited<ReturnType<typeof managed>> = await managed(person, where, `category=${category}&sort=${sort}&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`);
          walked.push(...page.body.items.map((one) => one.id));
          cursor = page.body.next_cursor;
        }
        expect(walked, sort).toEqual(whole.body.items.map((one) => one.id));
        expect(String(walked.length)).toBe(whole.headers.get("x-total-count"));
      }
    }
  });

  test("are for those only", async () => {
    const stranger = await context.login("owner");
    expect((await managed(stranger, "me", `category=${category}`)).body.items).toEqual([]);
    expect((await managed(stranger, "me", `category=${category}`)).headers.get("x-total-count")).toBe("0");
    expect((await managed(stranger, "admin", "")).status).toBe(403);
    expect((await context.http.get("/api/v1/admin/campaigns")).status).toBe(401);
    expect((await context.http.get("/api/v1/me/campaigns")).status).toBe(401);
  });

  test("refuse what is not right", async () => {
    const admin = await context.login("admin");
    const bad = ["status=open", "status=", "sort=oldest", "currency=eur", "q=", `q=${"a".repeat(201)}`, "q=%01", "owner=me", "limit=101", "cursor=x", `category=${"a".repeat(41)}`];
    for (const query of bad) {
      expect((await managed(owner, "me", query)).status, query).toBe(400);
      expect((await managed(admin, "admin", query)).status, query).toBe(400);
    }
    const mine = (await managed(owner, "me", "limit=1")).body.next_cursor ?? "";
    expect((await managed(admin, "admin", `limit=1&cursor=${mine}`)).status).toBe(400);
  });
});

test("counts are given when they are asked for", async () => {
  const counted = await list(`category=${category}&status=paused`, { Prefer: "respond-async, count=exact" });
  expect([counted.headers.get("x-total-count"), counted.headers.get("preference-applied")]).toEqual(["1", "count=exact"]);
  expect((await list("limit=1", { Prefer: "count=exact" })).headers.get("x-total-count")).toMatch(/^[1-9]/);
  expect((await list("limit=1")).headers.get("x-total-count")).toBeNull();
});

test("public lists may be cached for a moment, private ones not at all", async () => {
  expect((await list(`category=${category}`)).headers.get("cache-control")).toBe("public, max-age=1, stale-while-revalidate=5");
  expect((await owner.http.get("/api/v1/me/campaigns")).headers.get("cache-control")).toBe("no-store");
});
