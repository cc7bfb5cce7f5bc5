// SPDX-License-Identifier: Apache-2.0
// Goal: money is given back once, by those who may, as much as was asked and never more
// than came in. Method: refunds over HTTP, whole, in parts, repeated and all at once, then
// compared with the provider's books; what donors ask for, accepted and declined.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { type CreatedPledge, type Http, pledgeBody, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();

interface Refund {
  id: string;
  amount: { amount: number };
  state: string;
  reason: string | null;
  requested_by: string | null;
}
interface Request {
  id: string;
  state: string;
  refund_id: string | null;
  note: string;
}

let owner: Person;
let editor: Person;
let viewer: Person;
let stranger: Person;
let admin: Person;
let campaign: string;

beforeAll(async () => {
  const person = (role: "donor" | "owner" | "admin") => makePerson(context.stack, context.sql, context.http, role);
  owner = await person("owner");
  editor = await person("donor");
  viewer = await person("donor");
  stranger = await person("owner");
  admin = await person("admin");
  campaign = await makeCampaign(context.sql);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  await context.sql.rows(
    `INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
     VALUES ($1, $2, 'editor'), ($1, $3, 'viewer')`,
    [campaign, editor.id, viewer.id],
  );
});

async function confirmed(amount = 1000): Promise<CreatedPledge> {
  const made = await context.http.pledge(campaign, pledgeBody(amount));
  await pledgeIs(context.sql, made.body.id, "confirmed");
  return made.body;
}

const refund = <T = Refund>(http: Http, pledge: string, json: unknown, key: string | null = randomUUID()) =>
  http.call<T>("POST", `/api/v1/pledges/${pledge}/refunds`, {
    json,
    headers: key === null ? {} : { "Idempotency-Key": key },
  });
const euro = (amount: number, currency = "EUR") => ({ amount, currency });

describe("a refund", () => {
  test("of all, or in parts, reaches the donor once", async () => {
    const pledge = await confirmed(1000);
    const key = randomUUID();
    const body = { amount: euro(300), reason: "A seat of a lower price" };
    const first = await refund(owner.http, pledge.id, body, key);
    expect(first.status, first.text).toBe(202);
    expect(first.headers.get("location")).toBe(`/api/v1/pledges/${pledge.id}/refunds`);
    expect(first.body).toMatchObject({ amount: euro(300), state: "requested", reason: body.reason, requested_by: `account:${owner.id}` });
    const again = await refund(owner.http, pledge.id, { reason: body.reason, amount: body.amount }, key);
    expect(again.status).toBe(202);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.body.id).toBe(first.body.id);
    await until("the part to be given back", async () => (await storedPledge(context.sql, pledge.id)).refunded_minor === 300);
    expect((await refund(editor.http, pledge.id, { reason: "The rest as well" })).body.amount).toEqual(euro(700));
    await pledgeIs(context.sql, pledge.id, "refunded");
    const books = (await context.provider.ledger()).refunds.filter((one) => one.metadata.pledge_id === pledge.id);
    expect(books.map((one) => one.amount).sort()).toEqual([300, 700]);
    const own = await context.http.get<{ refunds: Refund[] }>(`/api/v1/pledges/${pledge.id}`, { "Pledge-Token": pledge.token });
    expect(own.body.refunds.map((one) => [one.state, one.reason, one.requested_by])).toEqual([
      ["succeeded", null, null],
      ["succeeded", null, null],
    ]);
    expect(own.text).not.toContain("lower price");
  });

  test("is one, however many ask at once with one key", async () => {
    const pledge = await confirmed(1000);
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => refund(owner.http, pledge.id, { amount: euro(100), reason: "Once only" }, key)),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array<number>(20).fill(202));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === null)).toHaveLength(1);
  });

  test("is never more than is left, however many ask at once", async () => {
    const pledge = await confirmed(1000);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refund<Problem>(owner.http, pledge.id, { amount: euro(300), reason: "As much as possible" })),
    );
    expect(answers.filter((answer) => answer.status === 202)).toHaveLength(3);
    for (const one of answers.filter((answer) => answer.status !== 202)) {
      expect(one.status).toBe(422);
      expect(one.body).toMatchObject({ code: "amount-out-of-range", refundable: euro(100) });
    }
  });

  test("needs the right, the key, a reason, and money that came in", async () => {
    const pledge = await confirmed(1000);
    const body = { reason: "Not like this" };
    expect((await refund(context.http, pledge.id, body)).status).toBe(401);
    expect((await refund(viewer.http, pledge.id, body)).status).toBe(403);
    expect((await refund(stranger.http, pledge.id, body)).status).toBe(404);
    expect((await refund(owner.http, randomUUID(), body)).status).toBe(404);
    const keyless = await refund<Problem>(owner.http, pledge.id, body, null);
    expect(keyless.body.code).toBe("idempotency-key-missing");
    expect(keyless.headers.get("link")).toContain('rel="describedby"');
    for (const wrong of [{}, { reason: "no" }, { reason: "   " }, { ...body, amount: euro(0) }, { ...body, amount: 5 }, { ...body, amount: euro(1, "USD") }]) {
      const answer = await refund<Problem>(owner.http, pledge.id, wrong);
      expect(answer.status, JSON.stringify(wrong)).toBe(422);
      expect(answer.body.code).toBe("validation-failed");
    }
    expect((await refund<Problem>(owner.http, pledge.id, { ...body, why: "?" })).body.code).toBe("invalid-json");
    expect((await refund<Problem>(owner.http, pledge.id, { ...body, amount: euro(1001) })).body.code).toBe("amount-out-of-range");
    const declined = await context.http.pledge(campaign, pledgeBody(1002));
    await pledgeIs(context.sql, declined.body.id, "failed");
    const early = await refund<Problem>(owner.http, declined.body.id, body);
    expect(early.status).toBe(409);
    expect(early.body).toMatchObject({ code: "illegal-transition", state: "failed" });
    expect((await storedPledge(context.sql, pledge.id)).refunded_minor).toBe(0);
  });

  test("has a key of its own: another body or pledge with it is refused, another account is free", async () => {
    const one = await confirmed(1000);
    const two = await confirmed(1000);
    const key = randomUUID();
    const body = { amount: euro(100), reason: "The same words" };
    expect((await refund(owner.http, one.id, body, key)).status).toBe(202);
    for (const [pledge, json] of [[two.id, body], [one.id, { ...body, amount: euro(101) }]] as const) {
      const other = await refund<Problem>(owner.http, pledge, json, key);
      expect(other.status).toBe(422);
      expect(other.body.code).toBe("idempotency-key-reused");
    }
    expect((await refund(editor.http, two.id, body, key)).status).toBe(202);
  });

  test("is listed for its donor and for the team", async () => {
    const pledge = await confirmed(1000);
    await refund(admin.http, pledge.id, { amount: euro(10), reason: "For the list" });
    const where = `/api/v1/pledges/${pledge.id}/refunds`;
    const team = await viewer.http.get<{ items: Refund[] }>(where);
    expect(team.body.items[0]?.reason).toBe("For the list");
    const own = await context.http.get<{ items: Refund[] }>(where, { "Pledge-Token": pledge.token });
    expect(own.body.items[0]).toMatchObject({ amount: euro(10), reason: null, requested_by: null });
    expect((await stranger.http.get(where)).status).toBe(404);
    expect((await context.http.get(where)).status).toBe(404);
    const audit = await context.sql.rows(
      "SELECT reason, detail ->> 'acts_for' AS acts_for FROM careforall.audit_log WHERE action = 'pledge.refund' AND target_id = $1",
      [pledge.id],
    );
    expect(audit).toEqual([{ reason: "For the list", acts_for: `account:${admin.id}` }]);
  });
});

describe("a donor asks for a refund", () => {
  const ask = <T = Request>(http: Http, pledge: string, json: unknown, token?: string) =>
    http.call<T>("POST", `/api/v1/pledges/${pledge}/refund-request`, {
      json,
      headers: token === undefined ? {} : { "Pledge-Token": token },
    });
  const decide = <T = Request>(http: Http, id: string, json: unknown) =>
    http.call<T>("POST", `/api/v1/refund-requests/${id}/decision`, { json });

  test("which is accepted once", async () => {
    const pledge = await confirmed(1000);
    const asked = await ask(context.http, pledge.id, { message: "I pledged twice." }, pledge.token);
    expect(asked.status).toBe(201);
    expect((await ask(context.http, pledge.id, { message: "Hello?" }, pledge.token)).status).toBe(200);
    const list = await viewer.http.get<{ items: { request: Request; pledge: { id: string; donor: { email: string | null } } }[] }>(
      `/api/v1/campaigns/${campaign}/refund-requests?state=open&limit=1`,
    );
    expect(list.body.items[0]).toMatchObject({ request: { id: asked.body.id }, pledge: { id: pledge.id, donor: { email: null } } });
    const full = await editor.http.get<typeof list.body>(`/api/v1/campaigns/${campaign}/refund-requests?state=open&limit=1`);
    expect(full.body.items[0]?.pledge.donor.email).toMatch(/@/);
    expect((await decide(viewer.http, asked.body.id, { decision: "accepted" })).status).toBe(403);
    expect((await decide(stranger.http, asked.body.id, { decision: "accepted" })).status).toBe(404);
    expect((await decide(owner.http, asked.body.id, { decision: "maybe" })).status).toBe(422);
    const unnamed = await decide<Problem>(owner.http, "the-last-one", { decision: "accepted" });
    expect(unnamed.body).toMatchObject({ code: "not-found", detail: "The id in the path must be a UUID." });
    const decisions = await Promise.all(
      Array.from({ length: 5 }, () => decide(owner.http, asked.body.id, { decision: "accepted", amount: euro(400), note: "Gladly." })),
    );
    for (const one of decisions) expect(one.body).toMatchObject({ state: "accepted", note: "Gladly." });
    expect(new Set(decisions.map((one) => one.body.refund_id)).size).toBe(1);
    expect((await decide<Problem>(owner.http, asked.body.id, { decision: "declined" })).status).toBe(409);
    await until("the money to go back", async () => (await storedPledge(context.sql, pledge.id)).refunded_minor === 400);
    const own = await context.http.get<{ refund_request: Request }>(`/api/v1/pledges/${pledge.id}`, { "Pledge-Token": pledge.token });
    expect(own.body.refund_request).toMatchObject({ state: "accepted", note: "Gladly." });
  });

  test("and those who run campaigns have one list of all that are theirs, with its length", async () => {
    interface Item {
      request: Request;
      campaign: { id: string };
      right: string;
      pledge: { donor: { email: string | null } };
      refundable: { amount: number };
    }
    const other = await makeCampaign(context.sql);
    await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [other, stranger.id]);
    await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, 'viewer')", [other, owner.id]);
    const pledges = [await confirmed(1000), (await context.http.pledge(other, pledgeBody(1100))).body];
    const asked: string[] = [];
    for (const pledge of pledges) {
      await pledgeIs(context.sql, pledge.id, "confirmed");
      asked.push((await ask(context.http, pledge.id, { message: "Please" }, pledge.token)).body.id);
    }
    const mine = async (person: Person, query = "state=open") => {
      const answer = await person.http.get<{ items: Item[] }>(`/api/v1/me/refund-requests?${query}`, { Prefer: "count=exact" });
      expect(answer.status).toBe(200);
      return { items: answer.body.items, total: answer.headers.get("x-total-count") };
    };
    const [, theirs] = asked as [string, string];
    const owned = await mine(owner);
    expect(owned.total).toBe(String(owned.items.length));
    expect(owned.items.map(({ request }) => request.id)).toEqual(expect.arrayContaining(asked));
    const right = (id: string) => owned.items.find(({ request }) => request.id === id);
    expect(right(theirs)).toMatchObject({ campaign: { id: other }, right: "view", pledge: { donor: { email: null } }, refundable: euro(1100) });
    expect(right(asked[0] ?? "")).toMatchObject({ campaign: { id: campaign }, right: "own", refundable: euro(1000) });
    expect((await mine(stranger)).items.map(({ request }) => request.id)).toEqual([theirs]);
    expect(await mine(await context.login("owner"))).toEqual({ items: [], total: "0" });
    const all = await mine(admin, "state=open&limit=1");
    expect(all.items[0]?.request.id).toBe(theirs);
    expect(Number(all.total)).toBe(await context.sql.value("SELECT count(*) FROM careforall.refund_requests WHERE state = 'open'"));
    for (const id of asked) expect((await decide(admin.http, id, { decision: "declined", note: "Not now." })).status).toBe(200);
    expect((await mine(stranger)).total).toBe("0");
    expect((await mine(stranger, "state=declined")).total).toBe("1");
    expect((await context.http.get("/api/v1/me/refund-requests")).status).toBe(401);
  });

  test("which is declined, and what cannot be asked for", async () => {
    const pledge = await confirmed(1000);
    for (const http of [context.http, stranger.http, owner.http]) {
      expect((await ask(http, pledge.id, { message: "Not mine" })).status).toBe(404);
    }
    expect((await ask<Problem>(context.http, pledge.id, { message: "" }, pledge.token)).status).toBe(422);
    const asked = await ask(context.http, pledge.id, { message: "Please" }, pledge.token);
    const both = await decide<Problem>(editor.http, asked.body.id, { decision: "declined", amount: euro(400) });
    expect(both.body).toMatchObject({ code: "validation-failed", errors: [{ pointer: "/amount", code: "not_expected" }] });
    const no = await decide(editor.http, asked.body.id, { decision: "declined", note: "The seat was used." });
    expect(no.body).toMatchObject({ state: "declined", refund_id: null });
    expect((await storedPledge(context.sql, pledge.id)).refunded_minor).toBe(0);
    const declined = await context.http.pledge(campaign, pledgeBody(1002));
    await pledgeIs(context.sql, declined.body.id, "failed");
    expect((await ask(context.http, declined.body.id, { message: "And this?" }, declined.body.token)).status).toBe(409);
  });
});

test("afterwards everything agrees", async () => {
  await assertInvariants(context);
});
