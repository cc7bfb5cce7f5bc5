// SPDX-License-Identifier: Apache-2.0
// Goal: administrators find any pledge by what is known of it, see all of it but
// personal data, and can end it; nobody else can do any of that. Method: pledges with
// telling values, every filter, every refusal.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { act, all, auditCount, audited, look, type Doc, type Page } from "../lib/admin.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, randomKey, sha256, sqlPledge } from "../lib/fixtures.ts";
import { confirmedInOrder, pledgeIs, storedPledge } from "../lib/pledge.ts";
import { contract } from "../lib/openapi.ts";
import { until } from "../lib/until.ts";

const context = useStack();

interface AdminPledge extends Doc {
  id: string;
  state: string;
  amount: { amount: number; currency: string };
  donor: { name: string | null; email: string; account_id: string | null };
  payment_id: string | null;
}

const tag = randomUUID().slice(0, 8);
let admin: Person;
let campaign: string;
let first: string;
let second: string;
let third: string;

const find = async (query: string): Promise<string[]> =>
  (await all<AdminPledge>(admin.http, `pledges?${query}`)).map((item) => item.id);

const make = async (amount: number, email: string, more: Doc = {}): Promise<string> =>
  (await sqlPledge(context.sql, campaign, { amount, email, name: `Zora ${tag}`, ...more })).pledge_id ?? "";

beforeAll(async () => {
  admin = await context.login("admin");
  campaign = await makeCampaign(context.sql);
  first = await make(1_100, `One.${tag}@Example.org`);
  second = await make(2_200, `two.${tag}@example.org`, { display: "none", message: "secret words" });
  third = await make(3_300, `one.${tag}%odd@example.org`);
  for (const id of [first, second, third]) await pledgeIs(context.sql, id, "confirmed");
});

describe("searching pledges", () => {
  test("by campaign, id or slug, newest first, page by page", async () => {
    expect(await find(`campaign=${campaign}`)).toEqual([third, second, first]);
    const slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [campaign]);
    expect(await find(`campaign=${slug}`)).toEqual([third, second, first]);
    expect((await all<AdminPledge>(admin.http, `pledges?campaign=${campaign}`, 1)).map((item) => item.id)).toEqual([third, second, first]);
    expect(await find("campaign=there-is-none")).toEqual([]);
  });

  test("by reference: id, how it begins, payment, refunds", async () => {
    const payment = (await storedPledge(context.sql, first)).payment_id ?? "";
    expect(await find(`reference=${first}`)).toEqual([first]);
    expect(await find(`reference=${first.toUpperCase()}`)).toEqual([first]);
    expect(await find(`reference=${first.slice(0, 30)}`)).toEqual([first]);
    expect(await find(`reference=${first.replaceAll("-", "").slice(0, 25)}`)).toEqual([first]);
    expect(await find(`reference=${payment}`)).toEqual([first]);
    expect(await find(`reference=${payment.slice(0, -1)}`)).toEqual([]);
    const asked = await context.sql.value<string>("SELECT refund_id FROM careforall.pledge_refund($1, 100, 'for a test')", [third]);
    const provider = await until("the refund to be at the provider", () =>
      context.sql.value<string | null>("SELECT provider_refund_id FROM careforall.refunds WHERE id = $1", [asked]),
    );
    expect(await find(`reference=${asked}`)).toEqual([third]);
    expect(await find(`reference=${provider}`)).toEqual([third]);
    expect(await find(`reference=${randomUUID()}`)).toEqual([]);
    expect(await find("reference=%25%25%25%25")).toEqual([]);
  });

  test("by address, exact whatever its case, or how it begins", async () => {
    expect(await find(`email=ONE.${tag}@example.ORG`)).toEqual([first]);
    expect(await find(`email=one.${tag}*`)).toEqual([third, first]);
    expect(await find(`email=one.${tag}`)).toEqual([]);
    expect(await find(`email=${encodeURIComponent(`one.${tag}%*`)}`)).toEqual([third]);
    expect(await find(`email=o_e.${tag}*`)).toEqual([]);
  });

  test("by part of the name, amounts, times and state", async () => {
    expect(await find(`name=ORA%20${tag}`)).toEqual([third, second, first]);
    expect(await find(`name=${tag}&amount_min=2200&currency=EUR`)).toEqual([third, second]);
    expect(await find(`name=${tag}&amount_max=2200&currency=EUR`)).toEqual([second, first]);
    expect(await find(`name=${tag}&amount_min=1101&amount_max=2199&currency=EUR`)).toEqual([]);
    expect(await find(`name=${tag}&currency=USD`)).toEqual([]);
    expect(await find(`name=${tag}&state=confirmed`)).toEqual([third, second, first]);
    expect(await find(`name=${tag}&state=failed`)).toEqual([]);
    const at = await context.sql.value<Date>("SELECT created_at FROM careforall.pledges WHERE id = $1", [second]);
    const day = (offset: number): string => new Date(at.getTime() + offset * 86_400_000).toISOString();
    expect(await find(`name=${tag}&created_from=${day(-1)}&created_to=${day(1)}`)).toEqual([third, second, first]);
    expect(await find(`name=${tag}&created_from=${day(-200)}&created_to=${day(1)}`)).toEqual([third, second, first]);
    expect(await find(`name=${tag}&created_from=${day(1)}`)).toEqual([]);
    expect(await find(`name=${tag}&created_to=${day(-1)}`)).toEqual([]);
  });

  test("sorted by amount, page by page", async () => {
    const more = [await make(3_300, "same@example.org"), await make(500, "less@example.org")];
    const sorted = (await all<AdminPledge>(admin.http, `pledges?campaign=${campaign}&sort=amount`, 2)).map((item) => item.id);
    expect(sorted).toEqual([more[0], third, second, first, more[1]]);
  });

  test("shows no personal data, and the name only if the donor shows it", async () => {
    const answer = await look<Page<AdminPledge>>(admin.http, `pledges?name=${tag}`);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.text).not.toContain(`two.${tag}`);
    expect(answer.text).not.toContain("secret words");
    const donors = new Map(answer.body.items.map((item) => [item.id, item.donor]));
    expect(donors.get(first)).toEqual({ name: `Zora ${tag}`, email: "O***@E***.org", account_id: null });
    expect(donors.get(second)).toEqual({ name: null, email: "t***@e***.org", account_id: null });
  });

  test.each([
    ["amount_min=5", "need a currency"],
    ["amount_max=5", "need a currency"],
    ["amount_min=-1&currency=EUR", "amount_min"],
    ["amount_min=1.5&currency=EUR", "amount_min"],
    ["amount_min=99999999999999999&currency=EUR", "amount_min"],
    ["amount_min=1&currency=eur", "currency must be three capital letters"],
    ["currency=EURO", "currency must be three capital letters"],
    ["sort=amount", "currency, a campaign or a reward"],
    ["sort=oldest", "sort"],
    ["state=closed", "state"],
    ["email=ab", "email must have 3 to 254 characters"],
    ["email=ab*", "3 characters"],
    ["name=a", "name"],
    ["reference=abc", "reference must have 4 to 255 characters"],
    ["created_from=yesterday", "created_from"],
    ["created_to=2026-01-31", "created_to"],
    ["name=%00%01", "name"],
    ["name=%ff%fe", ""],
    ["state=failed&state=failed", "state"],
    ["page=2", ""],
  ])("refuses %s", async (query, word) => {
    const answer = await look(admin.http, `pledges?${query}`);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body.code).toBe("invalid-parameter");
    expect(answer.text).toContain(word);
  });

  test("refuses the cursor of other filters", async () => {
    const page = await look<Page>(admin.http, `pledges?campaign=${campaign}&limit=1`);
    const cursor = encodeURIComponent(page.body.next_cursor ?? "");
    expect((await look(admin.http, `pledges?campaign=${campaign}&limit=1&cursor=${cursor}`)).status).toBe(200);
    const other = await look(admin.http, `pledges?limit=1&cursor=${cursor}`);
    expect([other.status, other.body.code]).toEqual([400, "invalid-cursor"]);
  });
});

describe("one pledge", () => {
  test("has all that is known of it", async () => {
    const key = randomKey();
    const id = await confirmedInOrder(context, async () =>
      (await sqlPledge(context.sql, campaign, { key, fingerprint: sha256("x"), email: "whole@story.org" })).pledge_id ?? "");
    await act(admin.http, `pledges/${id}/reveal`, { reason: "to leave a trace" });
    const answer = await look<Record<string, Doc[]> & { pledge: AdminPledge; idempotency: Doc }>(admin.http, `pledges/${id}`);
    expect(answer.status, answer.text).toBe(200);
    const { body } = answer;
    expect(body.pledge).toMatchObject({ id, state: "confirmed", campaign: { id: campaign } });
    expect(body.history?.map((entry) => entry.event)).toEqual(["create", "payment_attach", "payment_succeeded"]);
    expect(body.events?.map((event) => event.type)).toEqual(["pledge.created", "pledge.payment_attached", "pledge.confirmed"]);
    const states = await until("its events to be published", async () => {
      const seen = (await look<{ events: Doc[] }>(admin.http, `pledges/${id}`)).body.events.map((event) => event.state);
      return seen.every((state) => state === "published") ? seen : null;
    });
    expect(states).toHaveLength(3);
    expect(body.refundable).toEqual({ amount: 1000, currency: "EUR" });
    expect(body.deliveries?.filter((delivery) => delivery.outcome === "applied")).toHaveLength(1);
    expect(body.deliveries?.[0]).toMatchObject({ provider: "stripe", payment_id: body.pledge.payment_id });
    expect(body.idempotency).toMatchObject({ key_hash_prefix: key.toString("hex").slice(0, 12) });
    expect(answer.text).not.toContain(key.toString("hex"));
    expect(body.audit?.[0]).toMatchObject({ action: "donor.reveal", reason: "to leave a trace", actor: { type: "account", id: admin.id } });
    expect(body.timeline?.length).toBeGreaterThan(6);
    expect(answer.text).not.toContain("whole@story.org");
  });

  test("that was made through the API has its trace", async () => {
    const trace = randomUUID().replaceAll("-", "");
    const made = await context.http.call<{ id: string }>("POST", `/api/v1/campaigns/${campaign}/pledges`, {
      json: { amount: { amount: 700, currency: "EUR" }, donor: { name: "Ada", email: "ada@example.org" } },
      headers: { "Idempotency-Key": randomUUID(), traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    const answer = await look<{ pledge: { trace_id: string }; history: Doc[]; idempotency: Doc | null }>(admin.http, `pledges/${made.body.id}`);
    expect(answer.body.pledge.trace_id).toBe(trace);
    expect(answer.body.history[0]).toMatchObject({ event: "create", trace_id: trace });
    expect(answer.body.idempotency).not.toBeNull();
  });

  test("tells which of its events wait, are parked or given up, and what can be refunded", async () => {
    await context.sql.rowsAs("admin", "SELECT careforall.consumer_pause('relay', 'events must wait')");
    try {
      await until("the relay to be paused", async () =>
        (await context.sql.value("SELECT status FROM careforall.consumers_status WHERE consumer = 'relay'")) === "paused");
      const id = await make(800, "waits@example.org");
      const shown = async (): Promise<Doc> => (await look<Doc & { events: Doc[] }>(admin.http, `pledges/${id}`)).body;
      const states = async (): Promise<unknown[]> => ((await shown()).events as Doc[]).map((event) => event.state);
      expect(await states()).toEqual(["waiting"]);
      expect((await shown()).refundable).toEqual({ amount: 0, currency: "EUR" });
      for (const state of ["parked", "released", "dropped", "sent"]) {
        await context.sql.rows(
          `INSERT INTO careforall.outbox_parked (outbox_id, event_id, xid, aggregate_type, aggregate_id, aggregate_version,
             campaign_id, type, data, occurred_at, recorded_at, consumer, reason, state)
           SELECT o.id, o.event_id, o.xid, 'pledge', o.aggregate_id, 1, o.campaign_id, o.type, '{}', now(), now(), 'relay', 'for a test', $2
           FROM careforall.outbox o WHERE o.aggregate_id = $1
           ON CONFLICT (outbox_id) DO UPDATE SET state = $2`,
          [id, state],
        );
        expect(await states()).toEqual([state === "sent" ? "published" : state]);
      }
      await context.sql.rows("DELETE FROM careforall.outbox_parked WHERE aggregate_id = $1", [id]);
    } finally {
      await context.sql.rowsAs("admin", "SELECT careforall.consumer_resume('relay', 'the test is over')");
    }
    const part = await until("the refund of this file to be through", async () => {
      const body = (await look<Doc & { refunds: Doc[] }>(admin.http, `pledges/${third}`)).body;
      return body.refunds.every((refund) => refund.state === "succeeded") ? body : null;
    });
    expect(part.refundable).toEqual({ amount: 3_200, currency: "EUR" });
  });

  test("reveals its donor for a reason, and the account is named", async () => {
    const answer = await act(admin.http, `pledges/${second}/reveal`, { reason: "the donor asked for a receipt" });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual({ name: `Zora ${tag}`, email: `two.${tag}@example.org`, message: "secret words" });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await audited(context, "donor.reveal", second)).toEqual({
      actor: "cfa_api",
      acts_for: `account:${admin.id}`,
      reason: "the donor asked for a receipt",
    });
  });

  test.each([
    [{ reason: "" }, 422],
    [{ reason: "     " }, 422],
    [{ reason: "x".repeat(501) }, 422],
    [{ reason: 5 }, 422],
    [{ reason: "good enough", more: 1 }, 400],
  ])("reveals nothing for %j", async (json, status) => {
    const before = await auditCount(context);
    const answer = await act(admin.http, `pledges/${second}/reveal`, json);
    expect(answer.status, answer.text).toBe(status);
    expect(await auditCount(context)).toBe(before);
  });

  test("is 404 if there is none, or the id is none", async () => {
    for (const id of [randomUUID(), "1", "x"]) {
      expect((await look(admin.http, `pledges/${id}`)).status).toBe(404);
      expect((await act(admin.http, `pledges/${id}/reveal`)).status).toBe(404);
      expect((await act(admin.http, `pledges/${id}/erase-donor`)).status).toBe(404);
      expect((await act(admin.http, `pledges/${id}/cancel`)).status).toBe(404);
      expect((await act(admin.http, `pledges/${id}/release-hold`)).status).toBe(404);
    }
  });
});

describe("erasing a donor", () => {
  test("says what would go, then takes it, with all their pledges", async () => {
    const campaign = await makeCampaign(context.sql);
    const email = `gone.${tag}@example.org`;
    const [one, other] = await Promise.all(["Gone", "Gone too"].map((name) =>
      sqlPledge(context.sql, campaign, { name, email, message: "gone words" })));
    await until("both to be paid", async () =>
      (await context.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1 AND state = 'confirmed'", [campaign])) === 2);
    const erase = (more: Doc) => act(admin.http, `pledges/${one?.pledge_id}/erase-donor`, { reason: "asked by letter", ...more });
    const dry = await erase({});
    expect([dry.status, dry.body]).toMatchObject([200, { dry_run: true }]);
    const found = (dry.body as unknown as { items: { what: string; count: number }[] }).items;
    expect(found[0]).toMatchObject({ what: "pledges", count: 2 });
    expect(found.at(-1)).toMatchObject({ what: "account", count: 0 });
    expect((await act(admin.http, `pledges/${other?.pledge_id}/reveal`, { reason: "is it still there" })).body).toMatchObject({ email });
    const done = await erase({ dry_run: false });
    expect([done.status, done.body]).toMatchObject([200, { dry_run: false }]);
    expect((await act(admin.http, `pledges/${other?.pledge_id}/reveal`, { reason: "is it gone" })).body)
      .toEqual({ name: "erased", email: "erased@erased.invalid", message: "" });
  });
});

describe("ending a pending pledge", () => {
  const pending = async (): Promise<string> => {
    await context.sql.rowsAs("admin", "SELECT careforall.consumer_pause('payments', 'pledges must stay pending')");
    await until("payments to be paused", async () => {
      const status = await context.sql.value<string>("SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'");
      return status === "paused";
    });
    return make(900, "pending@example.org");
  };
  const resume = (): Promise<unknown> =>
    context.sql.rowsAs("admin", "SELECT careforall.consumer_resume('payments', 'the test is over')");

  test("cancel: dry run first, then for good, then never again", async () => {
    try {
      const id = await pending();
      const early = await act(admin.http, `pledges/${id}/erase-donor`, { reason: "before its money is in" });
      expect([early.status, early.body.code]).toEqual([409, "illegal-transition"]);
      const before = await auditCount(context);
      const dry = await act(admin.http, `pledges/${id}/cancel`, { dry_run: true });
      expect(dry.body).toMatchObject({ dry_run: true, result: "dry_run", what_follows: "its hold is free again", pledge: { state: "pending" } });
      expect(await storedPledge(context.sql, id)).toMatchObject({ state: "pending", version: 1 });
      expect(await auditCount(context)).toBe(before);

      const done = await act(admin.http, `pledges/${id}/cancel`, { reason: "asked by telephone" });
      expect(done.body).toMatchObject({ dry_run: false, result: "ended", pledge: { state: "failed", state_reason: "canceled" } });
      expect(await audited(context, "pledge.cancel", id)).toMatchObject({ acts_for: `account:${admin.id}`, reason: "asked by telephone" });
      const history = await look<{ history: { event: string; actor: Doc }[] }>(admin.http, `pledges/${id}`);
      expect(history.body.history.at(-1)).toMatchObject({ event: "cancel", actor: { type: "account", id: admin.id } });

      const again = await act(admin.http, `pledges/${id}/cancel`);
      expect([again.status, again.body.code, again.body.state, again.body.allowed]).toEqual([409, "illegal-transition", "failed", []]);
    } finally {
      await resume();
    }
  });

  test("release of a hold, and a confirmed pledge has none", async () => {
    try {
      const id = await pending();
      const holds = await all<{ pledge: AdminPledge }>(admin.http, `holds?campaign=${campaign}`);
      expect(holds.map((hold) => hold.pledge.id)).toEqual([id]);
      const dry = await act(admin.http, `pledges/${id}/release-hold`, { dry_run: true, force: true });
      expect(dry.body).toMatchObject({ result: "dry_run", pledge: { state: "pending" } });
      const done = await act(admin.http, `pledges/${id}/release-hold`);
      expect(done.body).toMatchObject({ result: "ended", pledge: { state: "failed", state_reason: "expired" } });
      expect(await all(admin.http, `holds?campaign=${campaign}`)).toEqual([]);
      const refused = await act(admin.http, `pledges/${first}/release-hold`, { force: true });
      expect([refused.status, refused.body.state, refused.body.allowed]).toEqual([409, "confirmed", ["refund"]]);
      expect(refused.body.detail).not.toMatch(/careforall\.|table/);
    } finally {
      await resume();
    }
  });
});

describe("everybody else", () => {
  const operations = contract().operations.filter(
    (operation) => operation.path.startsWith("/api/v1/admin/") && !operation.path.startsWith("/api/v1/admin/users"),
  );

  test("there are operations to try", () => {
    expect(operations.length).toBeGreaterThanOrEqual(25);
  });

  test.each(operations.map((operation) => [operation.method, operation.path]))("%s %s", async (method, path) => {
    const target = path.includes("consumers") ? "relay" : /payments\/\{id\}/.test(path) ? "1" : first;
    const url = path.replace("{id}", target);
    const options = method === "POST" ? { json: { reason: "not for me to do" } } : {};
    const before = await auditCount(context);
    const guest = await context.http.call(method, url, options);
    expect([guest.status, guest.body.code]).toEqual([401, "unauthorized"]);
    expect(guest.headers.get("www-authenticate")).toMatch(/^Bearer/);
    for (const role of ["donor", "owner"] as const) {
      const person = await context.login(role);
      const answer = await person.http.call(method, url, options);
      expect([role, answer.status, answer.body.code]).toEqual([role, 403, "forbidden"]);
    }
    expect(await auditCount(context)).toBe(before);
  });

  test("is refused by the database too", async () => {
    const donor = await context.login("donor");
    const functions = await context.sql.rows<{ call: string }>(
      `SELECT format('SELECT careforall.%I($1%s)', p.proname,
          repeat(', NULL', p.pronargs - 1)) AS call
        FROM pg_proc p WHERE p.pronamespace = 'careforall'::regnamespace AND p.proname LIKE 'admin\\_%'
          AND p.proargnames[1] = 'actor' AND has_function_privilege('cfa_api', p.oid, 'EXECUTE')`,
    );
    expect(functions.length).toBeGreaterThanOrEqual(23);
    for (const { call } of functions) {
      await expect(context.sql.rowsAs("api", call, [donor.id]), call).rejects.toMatchObject({ code: "PL010" });
    }
  });
});
