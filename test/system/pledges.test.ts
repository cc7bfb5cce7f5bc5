// SPDX-License-Identifier: Apache-2.0
// Goal: donors and the people who run a campaign do over HTTP with pledges what is
// theirs, and nobody else does. Method: one of each kind calls every route, well and badly.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makeReward } from "../lib/fixtures.ts";
import { type Answer, type CreatedPledge, type Http, pledgeBody, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { paymentOf, pledgeIs, storedPledge } from "../lib/pledge.ts";
import { exported } from "../lib/task.ts";

const context = useStack();

interface Money {
  amount: number;
  currency: string;
}
interface Made extends CreatedPledge {
  gift: Money;
  fee: Money;
}
interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
interface TeamPledge {
  id: string;
  amount: Money;
  donor: { name: string; email: string | null };
}

let donor: Person;
let owner: Person;
let editor: Person;
let viewer: Person;
let stranger: Person;
let admin: Person;

beforeAll(async () => {
  const person = (role: "donor" | "owner" | "admin") => makePerson(context.stack, context.sql, context.http, role);
  donor = await person("donor");
  owner = await person("owner");
  editor = await person("donor");
  viewer = await person("donor");
  stranger = await person("owner");
  admin = await person("admin");
  for (const [currency, points, fixed] of [["EUR", 290, 30], ["JPY", 360, 0], ["KWD", 250, 100]]) {
    await context.sql.rows("SELECT careforall.fee_set($1, $2, $3, 'for a test')", [currency, points, fixed]);
  }
});
afterAll(async () => {
  for (const currency of ["EUR", "JPY", "KWD"]) {
    await context.sql.rows("SELECT careforall.fee_remove($1, 'for a test')", [currency]);
  }
});

/** A campaign with its owner and team. */
async function teamCampaign(options: Parameters<typeof makeCampaign>[1] = {}): Promise<string> {
  const campaign = await makeCampaign(context.sql, options);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  await context.sql.rows(
    `INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
     VALUES ($1, $2, 'editor'), ($1, $3, 'viewer')`,
    [campaign, editor.id, viewer.id],
  );
  return campaign;
}

const money = (amount: number, currency = "EUR"): Money => ({ amount, currency });
const link = (token: string): Record<string, string> => ({ "Pledge-Token": token });

/** The amount to charge, as the document says. */
function total(gift: bigint, points: bigint, fixed: bigint): bigint {
  return (10_000n * (gift + fixed) - 5_000n) / (10_000n - points) + 1n;
}
function fee(amount: bigint, points: bigint, fixed: bigint): bigint {
  return fixed + (amount * points + 5_000n) / 10_000n;
}

describe("a covered fee", () => {
  test.each([
    ["EUR", 100, 290, 30],
    ["EUR", 5_000, 290, 30],
    ["EUR", 9_999, 290, 30],
    ["EUR", 8_700_000_000_000_000, 290, 30],
    ["JPY", 100, 360, 0],
    ["JPY", 1_000, 360, 0],
    ["KWD", 1_234, 250, 100],
    ["KWD", 999_999_999, 250, 100],
  ])("%s %d leaves the gift whole", async (currency, gift, points, fixed) => {
    const campaign = await makeCampaign(context.sql, { currency });
    const body = { ...pledgeBody(), amount: money(gift, currency), fee_cover: true };
    const made = await context.http.pledge<Made>(campaign, body);
    expect(made.status, made.text).toBe(201);
    const whole = total(BigInt(gift), BigInt(points), BigInt(fixed));
    expect(BigInt(made.body.amount.amount)).toBe(whole);
    expect(made.body.gift).toEqual(money(gift, currency));
    expect(BigInt(made.body.fee.amount)).toBe(whole - BigInt(gift));
    expect(whole - fee(whole, BigInt(points), BigInt(fixed))).toBe(BigInt(gift));
    expect(whole - 1n - fee(whole - 1n, BigInt(points), BigInt(fixed))).toBeLessThan(BigInt(gift));
    const own = await context.http.get<Made>(`/api/v1/pledges/${made.body.id}`, link(made.body.token));
    expect(own.body).toMatchObject({ amount: made.body.amount, gift: made.body.gift, fee: made.body.fee });
  });

  test("counts where the least and the most of a campaign are compared", async () => {
    const bounded = await makeCampaign(context.sql, { min: 1000, max: 2000 });
    for (const [gift, status] of [[940, 422], [941, 201], [1912, 201], [1913, 422]] as const) {
      const answer = await context.http.pledge<Made & Problem>(bounded, { ...pledgeBody(gift), fee_cover: true });
      expect([answer.status, answer.body.code], String(gift)).toEqual([status, status === 422 ? "amount-out-of-range" : undefined]);
    }
  });

  test("is replayed as it was, whatever the fee is by then", async () => {
    const campaign = await makeCampaign(context.sql);
    const body = { ...pledgeBody(5_000), fee_cover: true };
    const key = randomUUID();
    const first = await context.http.pledge<Made>(campaign, body, key);
    await context.sql.rows("SELECT careforall.fee_set('EUR', 1000, 0, 'for a test')");
    await context.redis.flushall();
    try {
      const again = await context.http.pledge<Made>(campaign, body, key);
      expect(again.text).toBe(first.text);
      expect((await context.http.pledge<Made>(campaign, body)).body.fee.amount).toBe(556);
    } finally {
      await context.sql.rows("SELECT careforall.fee_set('EUR', 290, 30, 'for a test')");
    }
  });

  test("is part of what counts against the cap", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 5_179 });
    const body = { ...pledgeBody(5_000), fee_cover: true };
    expect((await context.http.pledge<Problem>(campaign, body)).body.code).toBe("limit-reached");
    expect((await context.http.pledge(campaign, pledgeBody(5_000))).status).toBe(201);
  });

  test("is refused where there is none, and above the largest amount", async () => {
    const campaign = await makeCampaign(context.sql, { currency: "CHF" });
    const refused = await context.http.pledge<Problem>(campaign, { ...pledgeBody(), amount: money(1000, "CHF"), fee_cover: true });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "validation-failed", errors: [{ pointer: "/fee_cover", code: "not_offered" }] });
    expect((await context.http.pledge(campaign, { ...pledgeBody(), amount: money(1000, "CHF"), fee_cover: false })).status).toBe(201);
    const euro = await makeCampaign(context.sql);
    const most = await context.http.pledge<Problem>(euro, { ...pledgeBody(9_007_199_254_740_991), fee_cover: true });
    expect(most.status).toBe(422);
    expect(most.body).toMatchObject({ code: "amount-out-of-range", detail: "The amount with its fee is more than can be charged at once." });
    expect((await context.http.pledge<Problem>(euro, { ...pledgeBody(), fee_cover: "yes" })).status).toBe(422);
  });

  test("is told before", async () => {
    const fees = await context.http.get<{ items: unknown[] }>("/api/v1/fees");
    expect(fees.status).toBe(200);
    expect(fees.body.items).toContainEqual({ currency: "EUR", basis_points: 290, fixed: money(30) });
    expect(fees.headers.get("cache-control")).toContain("max-age=60");
  });
});

describe("a pledge with an account", () => {
  test("is read and listed by that account, and by no other", async () => {
    const campaign = await makeCampaign(context.sql);
    const made = await donor.http.pledge(campaign);
    expect(made.status).toBe(201);
    const where = `/api/v1/pledges/${made.body.id}`;
    expect((await donor.http.get(where)).status).toBe(200);
    for (const other of [stranger.http, admin.http, context.http]) expect((await other.get(where)).status).toBe(404);
    // A wrong link is not made good by the right account.
    expect((await donor.http.get(where, link("x".repeat(43)))).status).toBe(404);
    expect((await stranger.http.get(where, link(made.body.token))).status).toBe(200);
    const list = await donor.http.get<Page<{ id: string }>>("/api/v1/me/pledges?limit=1");
    expect(list.body.items.map((item) => item.id)).toEqual([made.body.id]);
    expect((await context.http.get("/api/v1/me/pledges")).status).toBe(401);
  });

  test("by guests does not appear in any account's list", async () => {
    const campaign = await makeCampaign(context.sql);
    const made = await context.http.pledge(campaign);
    const list = await stranger.http.get<Page<unknown>>("/api/v1/me/pledges");
    expect(list.body).toEqual({ items: [], next_cursor: null });
    expect((await stranger.http.get(`/api/v1/pledges/${made.body.id}`)).status).toBe(404);
  });

  test("the list is walked page by page, filtered, and its cursor is its own", async () => {
    const walker = await makePerson(context.stack, context.sql, context.http);
    const campaign = await makeCampaign(context.sql);
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.unshift((await walker.http.pledge(campaign)).body.id);
    const seen: string[] = [];
    let next: string | null = "/api/v1/me/pledges?limit=3";
    let cursor = "";
    while (next !== null) {
      const page: Answer<Page<{ id: string }>> = await walker.http.get(next);
      expect(page.status).toBe(200);
      seen.push(...page.body.items.map((item) => item.id));
      cursor = page.body.next_cursor ?? cursor;
      next = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? null;
    }
    expect(seen).toEqual(ids);
    const at = encodeURIComponent(cursor);
    expect((await walker.http.get(`/api/v1/me/pledges?cursor=${at}&state=pending`)).status).toBe(400);
    expect((await donor.http.get(`/api/v1/me/pledges?cursor=${at}`)).status).toBe(400);
    expect((await walker.http.get("/api/v1/me/pledges?state=lost")).status).toBe(400);
    expect((await walker.http.get("/api/v1/me/pledges?sort=amount")).status).toBe(400);
    expect((await walker.http.get<Page<unknown>>("/api/v1/me/pledges?state=refunded")).body.items).toEqual([]);
  });

  test("a bad token is refused, never taken for a guest", async () => {
    const campaign = await makeCampaign(context.sql);
    const answer = await context.http.as("no.such.token").pledge<Problem>(campaign);
    expect(answer.status).toBe(401);
  });
});

describe("claiming", () => {
  const claim = <T = { id: string; has_account: boolean }>(http: Http, id: string, token?: string) =>
    http.call<T & Problem>("POST", `/api/v1/pledges/${id}/claim`, { headers: token === undefined ? {} : link(token) });

  test("a guest's pledge goes to the account that has its link, once", async () => {
    const campaign = await makeCampaign(context.sql);
    const { id, token } = (await context.http.pledge(campaign)).body;
    const where = `/api/v1/pledges/${id}`;
    const mara = await makePerson(context.stack, context.sql, context.http);
    expect((await claim(context.http, id, token)).status).toBe(401);
    for (const wrong of [undefined, "x".repeat(43), ""]) expect((await claim(mara.http, id, wrong)).status).toBe(404);
    expect((await claim(mara.http, randomUUID(), token)).status).toBe(404);
    expect((await mara.http.get<Page<unknown>>("/api/v1/me/pledges")).body.items).toEqual([]);
    expect((await context.http.get<{ has_account: boolean }>(where, link(token))).body.has_account).toBe(false);
    for (let n = 0; n < 2; n++) {
      const claimed = await claim(mara.http, id, token);
      expect([claimed.status, claimed.body.id, claimed.body.has_account], claimed.text).toEqual([200, id, true]);
      expect(claimed.headers.get("cache-control")).toBe("no-store");
    }
    expect((await claim(mara.http, id)).status).toBe(200);
    expect((await mara.http.get<Page<{ id: string }>>("/api/v1/me/pledges")).body.items.map((item) => item.id)).toEqual([id]);
    expect((await mara.http.get(where)).status).toBe(200);
    expect((await context.http.get(where, link(token))).status).toBe(200);
    const late = await claim(stranger.http, id, token);
    expect([late.status, late.body.code]).toEqual([409, "conflict"]);
    expect((await stranger.http.get(where)).status).toBe(404);
    expect(await context.sql.value("SELECT count(*) FROM careforall.audit_log WHERE action = 'pledge.claim' AND target_id = $1", [id])).toBe(1);
    const made = (await mara.http.pledge(campaign)).body;
    expect((await claim(stranger.http, made.id, made.token)).status).toBe(409);
  });

  test("one of many accounts gets it", async () => {
    const { id, token } = (await context.http.pledge(await makeCampaign(context.sql))).body;
    const people = await Promise.all(Array.from({ length: 6 }, () => makePerson(context.stack, context.sql, context.http)));
    const answers = await Promise.all(people.flatMap(({ http }) => [claim(http, id, token), claim(http, id, token)]));
    const winner = answers.findIndex(({ status }) => status === 200) >> 1;
    expect(answers.map(({ status }) => status)).toEqual(people.flatMap((_, n) => (n === winner ? [200, 200] : [409, 409])));
    const lists = await Promise.all(people.map(({ http }) => http.get<Page<unknown>>("/api/v1/me/pledges")));
    expect(lists.map(({ body }) => body.items.length)).toEqual(people.map((_, n) => (n === winner ? 1 : 0)));
  });
});

describe("news by e-mail", () => {
  interface Consent {
    news: { wanted: boolean; text: string; language: string; given_at: string; withdrawn_at: string | null } | null;
  }
  const agreed = { text: "2026-11", language: "de" };
  const offering = async (): Promise<string> => {
    const campaign = await makeCampaign(context.sql);
    await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2, news_offered = true WHERE id = $1", [campaign, owner.id]);
    await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, 'viewer')", [campaign, viewer.id]);
    return campaign;
  };
  const give = (campaign: string, more: object, email = "ada@example.org") =>
    context.http.pledge(campaign, pledgeBody(1000, { donor: { name: "Ada", email }, ...more }));
  const withdraw = (http: Http, id: string, token?: string) =>
    http.call<Consent & Problem>("DELETE", `/api/v1/pledges/${id}/news`, { headers: token === undefined ? {} : link(token) });

  test("are agreed to with the pledge, in its transaction, and seen where addresses are", async () => {
    const campaign = await offering();
    const body = pledgeBody(1000, { news: agreed });
    const key = randomUUID();
    const made = await context.http.pledge(campaign, body, key);
    expect(made.status, made.text).toBe(201);
    // What is repeated is one pledge and one consent; another consent is another request.
    expect((await context.http.pledge(campaign, body, key)).body.id).toBe(made.body.id);
    expect((await context.http.pledge(campaign, pledgeBody(1000), key)).status).toBe(422);
    const without = await give(campaign, {}, "bert@example.org");
    const read = async (pledge: { id: string; token: string }) => (await context.http.get<Consent>(`/api/v1/pledges/${pledge.id}`, link(pledge.token))).body.news;
    expect(await read(made.body)).toMatchObject({ wanted: true, ...agreed, withdrawn_at: null });
    expect(await read(without.body)).toBeNull();
    expect(await context.sql.rows("SELECT event, via FROM careforall.news_consents WHERE campaign_id = $1", [campaign])).toEqual([{ event: "given", via: "gift" }]);

    const list = async (person: Person, query = "") =>
      (await person.http.get<Page<{ id: string; news: boolean | null }>>(`/api/v1/campaigns/${campaign}/pledges${query}`)).body.items.map(({ id, news }) => [id, news]);
    expect(await list(owner)).toEqual([[without.body.id, false], [made.body.id, true]]);
    expect(await list(owner, "?news=true")).toEqual([[made.body.id, true]]);
    expect(await list(owner, "?news=false")).toEqual([[without.body.id, false]]);
    expect(await list(viewer)).toEqual([[without.body.id, null], [made.body.id, null]]);
    expect(await list(viewer, "?news=true")).toEqual([]);
    expect((await owner.http.get(`/api/v1/campaigns/${campaign}/pledges?news=yes`)).status).toBe(400);
    const file = (person: Person, filters: Record<string, unknown>) => exported(person.http, { kind: "pledge_export", campaign, filters });
    const csv = (await file(owner, { news: true })).text.trim().split("\r\n");
    expect(csv).toHaveLength(2);
    expect(csv[0]).toMatch(/,wants_news$/);
    expect(csv[1]).toMatch(new RegExp(`^${made.body.id},.*,true$`));
    expect((await file(viewer, {})).text.trim().split("\r\n").slice(1).map((line) => line.endsWith(","))).toEqual([true, true]);
    expect((await admin.http.get<{ pledge: Consent }>(`/api/v1/admin/pledges/${made.body.id}`)).body.pledge.news).toMatchObject({ wanted: true, ...agreed });
  });

  test("are not kept where nobody is asked, and refused in a form that is not right", async () => {
    const silent = await makeCampaign(context.sql);
    expect((await give(silent, { news: agreed })).status).toBe(201);
    expect(await context.sql.value("SELECT count(*) FROM careforall.news_consents WHERE campaign_id = $1", [silent])).toBe(0);
    const campaign = await offering();
    for (const news of [true, "yes", {}, { text: "1" }, { text: "", language: "de" }, { text: "1", language: "d" }, { text: "x".repeat(41), language: "de" }, { ...agreed, at: 1 }]) {
      expect([400, 422], JSON.stringify(news)).toContain((await give(campaign, { news })).status);
    }
    expect((await give(campaign, { news: null })).status).toBe(201);
    expect(await context.sql.value("SELECT count(*) FROM careforall.news_consents WHERE campaign_id = $1", [campaign])).toBe(0);
  });

  test("end at the donor's word, for all gifts of the address to the campaign", async () => {
    const campaign = await offering();
    const [one, two, other] = [await give(campaign, { news: agreed }), await give(campaign, { news: agreed }, "ADA@example.org"), await give(campaign, { news: agreed }, "bert@example.org")];
    for (const [http, token] of [[context.http, undefined], [context.http, "x".repeat(43)], [owner.http, undefined], [stranger.http, undefined]] as const) {
      expect((await withdraw(http, one.body.id, token)).status).toBe(404);
    }
    const done = await withdraw(context.http, one.body.id, one.body.token);
    expect([done.status, done.body.news?.wanted, done.headers.get("cache-control")]).toEqual([200, false, "no-store"]);
    const again = await withdraw(context.http, two.body.id, two.body.token);
    expect([again.status, again.body.news?.withdrawn_at]).toEqual([200, done.body.news?.withdrawn_at]);
    expect((await withdraw(context.http, (await give(campaign, {})).body.id)).status).toBe(404);
    const wants = (await owner.http.get<Page<{ id: string }>>(`/api/v1/campaigns/${campaign}/pledges?news=true`)).body.items;
    expect(wants.map(({ id }) => id)).toEqual([other.body.id]);
    // By an account, without the link.
    const mine = await donor.http.pledge(campaign, pledgeBody(1000, { donor: { name: "Dora", email: "dora@example.org" }, news: agreed }));
    expect((await withdraw(donor.http, mine.body.id)).body.news?.wanted).toBe(false);
    expect(await context.sql.value("SELECT via FROM careforall.news_consents WHERE pledge_id = $1 AND event = 'withdrawn'", [mine.body.id])).toBe("account");
  });
});

describe("cancelling", () => {
  const cancel = <T = { state: string; cancel_requested_at: string | null }>(http: Http, id: string, headers = {}) =>
    http.call<T>("POST", `/api/v1/pledges/${id}/cancel`, { headers });

  test("a pledge without a payment ends at once, once", async () => {
    await context.stack.stop(["payments"]);
    try {
      const campaign = await makeCampaign(context.sql, { cap: 1000 });
      const made = await context.http.pledge(campaign);
      expect((await cancel(context.http, made.body.id)).status).toBe(404);
      expect((await cancel(stranger.http, made.body.id)).status).toBe(404);
      expect((await cancel(context.http, made.body.id, link("x".repeat(43)))).status).toBe(404);
      for (let i = 0; i < 2; i++) {
        const done = await cancel(context.http, made.body.id, link(made.body.token));
        expect(done.status).toBe(200);
        expect(done.body.state).toBe("failed");
      }
      expect((await storedPledge(context.sql, made.body.id)).history).toEqual(["create", "cancel"]);
      expect((await context.http.pledge(campaign)).status).toBe(201);
    } finally {
      await context.stack.start(["payments"]);
    }
  });

  test("a payment under way is cancelled at the provider first", async () => {
    const campaign = await makeCampaign(context.sql);
    // An amount with these last digits is processing until it is canceled.
    const made = await donor.http.pledge(campaign, pledgeBody(1009));
    await paymentOf(context.sql, made.body.id);
    const asked = await cancel(donor.http, made.body.id);
    expect(asked.status).toBe(202);
    expect(asked.body.state).toBe("pending");
    expect(asked.body.cancel_requested_at).not.toBeNull();
    expect([200, 202]).toContain((await cancel(donor.http, made.body.id)).status);
    const pledge = await pledgeIs(context.sql, made.body.id, "failed");
    expect(pledge.state_reason).toBe("canceled");
    expect(pledge.history).toEqual(["create", "payment_attach", "cancel_request", "cancel"]);
    expect((await cancel(donor.http, made.body.id)).status).toBe(200);
  });

  test("what has come in cannot be taken back", async () => {
    const campaign = await makeCampaign(context.sql);
    const made = await context.http.pledge(campaign);
    await pledgeIs(context.sql, made.body.id, "confirmed");
    const late = await cancel<Problem>(context.http, made.body.id, link(made.body.token));
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ code: "illegal-transition", state: "confirmed" });
  });
});

describe("the list of a campaign", () => {
  test("is for its team, with e-mail addresses for those who may edit", async () => {
    const campaign = await teamCampaign();
    await context.http.pledge(campaign, { ...pledgeBody(700), donor: { name: "Bert", email: "bert@secret.example" }, display: "none" });
    const where = `/api/v1/campaigns/${campaign}/pledges`;
    for (const person of [owner, editor, admin]) {
      const page = await person.http.get<Page<TeamPledge>>(where);
      expect(page.status).toBe(200);
      expect(page.headers.get("cache-control")).toBe("no-store");
      expect(page.body.items[0]?.donor).toEqual({ name: "Bert", email: "bert@secret.example" });
      expect((await person.http.get<Page<TeamPledge>>(`${where}?q=SECRET`)).body.items).toHaveLength(1);
    }
    const seen = await viewer.http.get<Page<TeamPledge>>(where);
    expect(seen.body.items[0]?.donor).toEqual({ name: "Bert", email: null });
    expect((await viewer.http.get<Page<TeamPledge>>(`${where}?q=secret`)).body.items).toEqual([]);
    expect((await context.http.get(where)).status).toBe(401);
    for (const person of [donor, stranger]) expect((await person.http.get(where)).status).toBe(403);
    const draft = await makeCampaign(context.sql, { state: "draft" });
    expect((await stranger.http.get(`/api/v1/campaigns/${draft}/pledges`)).status).toBe(404);
    expect((await owner.http.get(`/api/v1/campaigns/${randomUUID()}/pledges`)).status).toBe(404);
  });

  test("is filtered and sorted", async () => {
    const campaign = await teamCampaign();
    const ids: string[] = [];
    for (const amount of [300, 500, 100, 500, 200]) ids.push((await context.http.pledge(campaign, pledgeBody(amount))).body.id);
    const amounts = async (query: string): Promise<number[]> => {
      const page = await owner.http.get<Page<TeamPledge>>(`/api/v1/campaigns/${campaign}/pledges?${query}`);
      expect(page.status, page.text).toBe(200);
      return page.body.items.map((item) => item.amount.amount);
    };
    expect(await amounts("")).toEqual([200, 500, 100, 500, 300]);
    expect(await amounts("min_amount=200&max_amount=300")).toEqual([200, 300]);
    expect(await amounts(`q=${ids[2] ?? ""}`)).toEqual([100]);
    expect(await amounts(`to=${encodeURIComponent("2020-01-01T00:00:00Z")}`)).toEqual([]);
    expect(await amounts(`from=${encodeURIComponent("2020-01-01T01:00:00+01:00")}&state=refunded`)).toEqual([]);
    const walked: number[] = [];
    let cursor = "";
    for (;;) {
      const page: Answer<Page<TeamPledge>> = await owner.http.get(
        `/api/v1/campaigns/${campaign}/pledges?sort=amount&limit=2${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      walked.push(...page.body.items.map((item) => item.amount.amount));
      if (page.body.next_cursor === null) break;
      cursor = page.body.next_cursor;
    }
    expect(walked).toEqual([500, 500, 300, 200, 100]);
    for (const query of ["state=lost", "sort=name", "min_amount=-1", "min_amount=1.5", "from=yesterday", "q=", "limit=0", "x=1", `q=${"x".repeat(101)}`, "q=%00",
      `cursor=${encodeURIComponent(cursor)}`, `sort=newest&cursor=${encodeURIComponent(cursor)}`]) {
      expect((await owner.http.get(`/api/v1/campaigns/${campaign}/pledges?${query}`)).status, query).toBe(400);
    }
  });
});

describe("a reward", () => {
  test("narrows the list of a campaign, its file and the search of administrators", async () => {
    const campaign = await teamCampaign();
    const [seat, card, foreign] = [await makeReward(context.sql, campaign), await makeReward(context.sql, campaign), await makeReward(context.sql, await teamCampaign())];
    await context.http.pledge(campaign, pledgeBody(300));
    const made: string[] = [];
    for (const amount of [500, 400]) made.unshift((await context.http.pledge(campaign, pledgeBody(amount, { reward_id: seat }))).body.id);
    const [newest = "", large = ""] = made;
    const lists: [Person, string][] = [
      [viewer, `/api/v1/campaigns/${campaign}/pledges?`],
      [admin, "/api/v1/admin/pledges?"],
      [admin, `/api/v1/admin/pledges?campaign=${campaign}&`],
    ];
    for (const [person, where] of lists) {
      const found = async (query: string): Promise<string[]> => {
        const page = await person.http.get<Page<TeamPledge>>(where + query);
        expect(page.status, page.text).toBe(200);
        return page.body.items.map((item) => item.id);
      };
      expect(await found(`reward=${seat}`), where).toEqual([newest, large]);
      expect(await found(`reward=${seat.toUpperCase()}&state=refunded`), where).toEqual([]);
      expect(await found(`reward=${card}`), where).toEqual([]);
      expect(await found(`reward=${randomUUID()}`), where).toEqual([]);
      if (where.includes("campaign")) expect(await found(`reward=${foreign}`), where).toEqual([]);
      expect(await found(`reward=${seat}&limit=1`), where).toEqual([newest]);
      expect(await found(`reward=${seat}&sort=amount`), where).toEqual([large, newest]);
      for (const bad of ["seat", "", seat.slice(1), `${seat}0`, `{${seat}}`]) {
        const refused = await person.http.get<Problem>(`${where}reward=${bad}`);
        expect([refused.status, refused.body.code], `${where} ${bad}`).toEqual([400, "invalid-parameter"]);
      }
    }
    const file = await exported<Page<TeamPledge>>(owner.http, { kind: "pledge_export", campaign, format: "json", filters: { reward: seat } });
    expect(file.body.items.map((item) => item.id)).toEqual([newest, large]);
  });

  test("goes on over the pages of a list, and its cursor is for it alone", async () => {
    const campaign = await teamCampaign();
    const seat = await makeReward(context.sql, campaign);
    for (const amount of [200, 300, 400]) await context.http.pledge(campaign, pledgeBody(amount, { reward_id: seat }));
    for (const [person, where] of [[owner, `/api/v1/campaigns/${campaign}/pledges`], [admin, "/api/v1/admin/pledges"]] as const) {
      const page = (query: string) => person.http.get<Page<TeamPledge>>(`${where}?limit=2${query}`);
      const first = await page(`&reward=${seat}`);
      const cursor = encodeURIComponent(first.body.next_cursor ?? "");
      expect(first.body.items.map((item) => item.amount.amount)).toEqual([400, 300]);
      expect((await page(`&reward=${seat}&cursor=${cursor}`)).body.items.map((item) => item.amount.amount)).toEqual([200]);
      expect((await page(`&cursor=${cursor}`)).status).toBe(400);
    }
  });
});

describe("the public feed", () => {
  test("shows what each level lets it, the whole amount, and only public campaigns", async () => {
    const campaign = await makeCampaign(context.sql);
    const levels = ["name_amount_message", "name_message", "name", "none"];
    for (const display of levels) {
      const body = { ...pledgeBody(5_000), display, message: "Hello", fee_cover: true };
      await pledgeIs(context.sql, (await context.http.pledge(campaign, body)).body.id, "confirmed");
    }
    const feed = await context.http.get<Page<Record<string, unknown>>>(`/api/v1/campaigns/${campaign}/gifts`);
    expect(feed.body.items.map(({ name, amount, message }) => ({ name, amount, message })).reverse()).toEqual([
      { name: "Ada Tester", amount: money(5_180), message: "Hello" },
      { name: "Ada Tester", amount: null, message: "Hello" },
      { name: "Ada Tester", amount: null, message: null },
      { name: null, amount: null, message: null },
    ]);
    const draft = await makeCampaign(context.sql, { state: "draft" });
    for (const id of [draft, randomUUID()]) expect((await context.http.get(`/api/v1/campaigns/${id}/gifts`)).status).toBe(404);
  });
});

test("afterwards everything agrees", async () => {
  await assertInvariants(context);
});
