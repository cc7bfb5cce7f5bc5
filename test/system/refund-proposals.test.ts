// SPDX-License-Identifier: Apache-2.0
// Goal: above the limit of a currency no refund is made by one person. Method: a currency
// of its own with a limit; every way to ask over HTTP, in one piece and in parts, alone and
// all at once; everybody decides; then the provider has what was approved and no more.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { type CreatedPledge, type Http, pledgeBody, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const currency = "NOK";

interface Proposal {
  id: string;
  state: string;
  amount: { amount: number };
  proposed_by: { id: string };
  decided_by: { id: string } | null;
  decision_reason: string;
  refund_id: string | null;
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
  campaign = await makeCampaign(context.sql, { currency });
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  await context.sql.rows(
    `INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
     VALUES ($1, $2, 'editor'), ($1, $3, 'viewer')`,
    [campaign, editor.id, viewer.id],
  );
  await context.sql.rowsAs("admin", "SELECT careforall.refund_limit_set($1, 500, 'for a test')", [currency]);
});

afterAll(async () => {
  await context.sql.rowsAs("admin", "SELECT careforall.refund_limit_remove($1, 'the test is over')", [currency]);
});

const money = (amount: number) => ({ amount, currency });

async function confirmed(amount = 2000): Promise<CreatedPledge> {
  const made = await context.http.pledge(campaign, { ...pledgeBody(amount), amount: money(amount) });
  expect(made.status, made.text).toBe(201);
  await pledgeIs(context.sql, made.body.id, "confirmed");
  return made.body;
}

const ask = <T = Proposal>(http: Http, pledge: string, amount: number | null, key = randomUUID()) =>
  http.call<T>("POST", `/api/v1/pledges/${pledge}/refunds`, {
    json: { reason: "As promised", amount: amount === null ? null : money(amount) },
    headers: { "Idempotency-Key": key },
  });
const decide = <T = Proposal>(http: Http, id: string, decision: string, reason = "Looked at it") =>
  http.call<T>("POST", `/api/v1/refund-proposals/${id}/decision`, { json: { decision, reason } });
const refundsOf = (pledge: string) =>
  context.sql.value<number>("SELECT COALESCE(sum(amount_minor), 0)::int FROM careforall.refunds WHERE pledge_id = $1", [pledge]);

describe("a refund above the limit", () => {
  test("waits for a second person, and reaches the donor when that one approves", async () => {
    const pledge = await confirmed();
    const key = randomUUID();
    const proposed = await ask(owner.http, pledge.id, null, key);
    expect(proposed.status, proposed.text).toBe(202);
    expect(proposed.body).toMatchObject({ state: "waiting", amount: money(2000), proposed_by: { id: owner.id }, refund_id: null });
    const again = await ask(owner.http, pledge.id, null, key);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.text).toBe(proposed.text);
    expect((await ask<Problem>(owner.http, pledge.id, 1999, key)).body.code).toBe("idempotency-key-reused");
    expect(await refundsOf(pledge.id)).toBe(0);
    const approved = await decide(editor.http, proposed.body.id, "approved");
    expect(approved.body).toMatchObject({ state: "approved", decided_by: { id: editor.id }, decision_reason: "Looked at it" });
    expect(approved.body.refund_id).not.toBeNull();
    await until("the money to go back", async () => (await storedPledge(context.sql, pledge.id)).state === "refunded");
    const late = await ask(owner.http, pledge.id, null, key);
    expect(late.body).toMatchObject({ id: proposed.body.id, state: "approved", refund_id: approved.body.refund_id });
    expect(await refundsOf(pledge.id)).toBe(2000);
  });

  test("is approved by nobody who may not, least of all by who proposed it", async () => {
    const pledge = await confirmed();
    const { id } = (await ask(editor.http, pledge.id, 501)).body;
    for (const [http, status] of [[context.http, 401], [editor.http, 403], [viewer.http, 403], [stranger.http, 404]] as const) {
      for (const decision of ["approved", "rejected"]) expect((await decide(http, id, decision)).status).toBe(status);
    }
    expect((await decide<Problem>(editor.http, id, "approved")).body.code).toBe("forbidden");
    expect((await decide<Problem>(owner.http, id, "withdrawn")).body.code).toBe("forbidden");
    expect((await decide<Problem>(owner.http, id, "rejected", "  ")).body).toMatchObject({ code: "validation-failed", errors: [{ pointer: "/reason" }] });
    expect((await decide(owner.http, id, "postponed")).status).toBe(422);
    expect((await decide(owner.http, randomUUID(), "approved")).status).toBe(404);
    expect((await decide(owner.http, "the-last-one", "approved")).status).toBe(404);
    expect(await refundsOf(pledge.id)).toBe(0);
    expect((await decide(admin.http, id, "rejected", "Too much")).body).toMatchObject({ state: "rejected", refund_id: null });
    expect((await decide<Problem>(owner.http, id, "approved")).body).toMatchObject({ code: "illegal-transition", state: "rejected" });
    const own = (await ask(editor.http, pledge.id, 502)).body;
    expect((await decide(editor.http, own.id, "withdrawn")).body.state).toBe("withdrawn");
    expect((await decide(owner.http, own.id, "approved")).status).toBe(409);
    expect(await refundsOf(pledge.id)).toBe(0);
  });

  test("approved by two at once, many times, is one refund", async () => {
    const pledge = await confirmed();
    const { id } = (await ask(owner.http, pledge.id, 600)).body;
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => decide((i % 2 === 0 ? editor : admin).http, id, "approved")));
    for (const answer of answers) expect(answer.status, answer.text).toBe(200);
    expect(new Set(answers.map(({ body }) => body.refund_id)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.decided_by?.id)).size).toBe(1);
    await until("the money to go back", async () => (await storedPledge(context.sql, pledge.id)).refunded_minor === 600);
    expect(await refundsOf(pledge.id)).toBe(600);
  });

  test("approved and withdrawn or rejected at once is one of them", async () => {
    const pledge = await confirmed();
    const { id } = (await ask(owner.http, pledge.id, 700)).body;
    const answers = await Promise.all([
      decide(editor.http, id, "approved"),
      decide(owner.http, id, "withdrawn"),
      decide(admin.http, id, "rejected"),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const { state } = answers.find(({ status }) => status === 200)?.body ?? { state: "" };
    expect(await refundsOf(pledge.id)).toBe(state === "approved" ? 700 : 0);
  });

  test("is no way around it in parts, by one or by several, one after the other or at once", async () => {
    const pledge = await confirmed();
    const people = [owner, editor, admin];
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ask<Proposal & Problem>((people[i % 3] ?? owner).http, pledge.id, 100)));
    const states = answers.map(({ status, body }) => (status === 202 ? body.state : body.code));
    expect(states.filter((state) => state === "requested")).toHaveLength(5);
    expect(states.filter((state) => state === "waiting")).toHaveLength(1);
    expect(states.filter((state) => state === "conflict")).toHaveLength(6);
    expect(await refundsOf(pledge.id)).toBe(500);
    expect((await ask<Problem>(owner.http, pledge.id, 1)).status).toBe(409);
    const waits = answers.find(({ body }) => body.state === "waiting")?.body as Proposal;
    const other = people.find(({ id }) => id !== waits.proposed_by.id) ?? owner;
    expect((await decide(other.http, waits.id, "approved")).status).toBe(200);
    await until("600 to go back", async () => (await storedPledge(context.sql, pledge.id)).refunded_minor === 600);
  });

  test("stands in the list of those it concerns, with its number, and beside the refunds", async () => {
    const pledge = await confirmed();
    const { id } = (await ask(editor.http, pledge.id, 800)).body;
    const list = async (person: Person, query: string) => {
      const answer = await person.http.get<{ items: { proposal: Proposal; right: string; campaign: { id: string }; pledge: { id: string } }[] }>(
        `/api/v1/me/refund-proposals?${query}`,
        { Prefer: "count=exact" },
      );
      expect(answer.status, answer.text).toBe(200);
      return { ...answer.body, total: Number(answer.headers.get("x-total-count")) };
    };
    const before = await list(owner, "state=waiting");
    expect(before.total).toBe(before.items.length);
    expect(before.items.find(({ proposal }) => proposal.id === id)).toMatchObject({ right: "own", campaign: { id: campaign }, pledge: { id: pledge.id } });
    expect((await list(viewer, "state=waiting&limit=1")).items[0]).toMatchObject({ proposal: { id }, right: "view" });
    expect(await list(stranger, "state=waiting")).toMatchObject({ items: [], total: 0 });
    expect((await context.http.get("/api/v1/me/refund-proposals")).status).toBe(401);
    expect((await owner.http.get<Problem>("/api/v1/me/refund-proposals?state=open")).body.code).toBe("invalid-parameter");
    const refunds = await viewer.http.get<{ proposals: Proposal[] }>(`/api/v1/pledges/${pledge.id}/refunds`);
    expect(refunds.body.proposals).toMatchObject([{ id, state: "waiting" }]);
    const donor = await context.http.get<object>(`/api/v1/pledges/${pledge.id}/refunds`, { "Pledge-Token": pledge.token });
    expect(donor.body).toEqual({ items: [] });
    const detail = await admin.http.get(`/api/v1/admin/pledges/${pledge.id}`);
    expect(detail.body).toMatchObject({ refundable_alone: money(500), refund_proposals: [{ id }] });
    expect((await decide(owner.http, id, "rejected")).status).toBe(200);
    expect((await list(owner, "state=waiting")).total).toBe(before.total - 1);
    expect((await list(owner, "state=rejected")).items[0]?.proposal.id).toBe(id);
  });

  test("that a donor asked for keeps the request open until the second person has approved", async () => {
    const pledge = await confirmed();
    const asked = await context.http.call<{ id: string }>("POST", `/api/v1/pledges/${pledge.id}/refund-request`, {
      json: { message: "I pledged twice." },
      headers: { "Pledge-Token": pledge.token },
    });
    const answer = (http: Http, decision: string) =>
      http.call<{ state: string; refund_id: string | null; proposal?: Proposal }>("POST", `/api/v1/refund-requests/${asked.body.id}/decision`, {
        json: { decision, note: "Gladly." },
      });
    const first = await answer(owner.http, "accepted");
    expect(first.body).toMatchObject({ state: "open", refund_id: null, proposal: { state: "waiting", proposed_by: { id: owner.id } } });
    expect((await answer(editor.http, "accepted")).body.proposal?.id).toBe(first.body.proposal?.id);
    const requests = await owner.http.get<{ items: object[] }>(`/api/v1/campaigns/${campaign}/refund-requests?state=open&limit=1`);
    expect(requests.body.items[0]).toMatchObject({ refundable_alone: money(500), proposal: { id: first.body.proposal?.id } });
    expect((await decide(editor.http, first.body.proposal?.id ?? "", "approved")).status).toBe(200);
    await until("the money to go back", async () => (await storedPledge(context.sql, pledge.id)).state === "refunded");
    const own = await context.http.get<{ refund_request: object }>(`/api/v1/pledges/${pledge.id}`, { "Pledge-Token": pledge.token });
    expect(own.body.refund_request).toMatchObject({ state: "accepted", note: "Gladly." });
  });
});

test("afterwards everything agrees", async () => {
  await assertInvariants(context);
});
