// SPDX-License-Identifier: Apache-2.0
// Goal: administrators see outbox and consumers, decide about parked events, and pause
// consumers through the API. Method: parked events of aggregates that exist nowhere
// else, taken away afterwards; every decision first as a dry run.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { act, all, auditCount, audited, look, type Doc } from "../lib/admin.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { published } from "../lib/invariants.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();

let admin: Person;
let campaign: string;

beforeAll(async () => {
  admin = await context.login("admin");
  campaign = await makeCampaign(context.sql);
});

describe("the outbox", () => {
  test("shows who publishes, how far, and what it keeps", async () => {
    await pledgeIs(context.sql, (await sqlPledge(context.sql, campaign)).pledge_id ?? "", "confirmed");
    await published(context);
    const answer = await until("no backlog", async () => {
      const seen = await look(admin.http, "outbox");
      return seen.body.backlog === 0 ? seen : null;
    });
    const row = await context.sql.row("SELECT holder, epoch FROM careforall.relay_leaders WHERE consumer = 'relay'");
    expect(answer.body).toMatchObject({ lag_s: 0, leader: row, checkpoint: { stream: "CAREFORALL" } });
    const partitions = answer.body.partitions as Doc[];
    expect(partitions.length).toBeGreaterThanOrEqual(4);
    expect(partitions.some((partition) => String(partition.name) === "outbox_default")).toBe(true);
  });
});

describe("parked events", () => {
  const type = `test.${randomUUID().slice(0, 8)}`;
  const aggregates = [randomUUID(), randomUUID()] as const;
  let events: { event_id: string; outbox_id: number }[] = [];

  beforeEach(async () => {
    await context.sql.rows("DELETE FROM careforall.outbox_parked WHERE aggregate_id = ANY ($1)", [aggregates]);
    events = await context.sql.rows(
      `INSERT INTO careforall.outbox_parked (outbox_id, event_id, xid, aggregate_type, aggregate_id,
         aggregate_version, campaign_id, type, data, occurred_at, recorded_at, consumer, reason,
         attempts, parked_at, failed_at)
       SELECT 900000000 + n, gen_random_uuid(), '3', 'pledge', CASE WHEN n < 3 THEN $1::uuid ELSE $2::uuid END,
         n, $3, CASE n WHEN 1 THEN $4 ELSE 'test.other' END, '{}', now(), now(), 'relay', 'for a test',
         n, '2026-01-01T00:00Z', '2026-01-02T00:00Z'
       FROM generate_series(1, 3) n RETURNING event_id, outbox_id`,
      [...aggregates, campaign, type],
    );
  });
  afterAll(async () => {
    await context.sql.rows("DELETE FROM careforall.outbox_parked WHERE aggregate_id = ANY ($1)", [aggregates]);
  });

  const states = async (): Promise<string[]> =>
    (await context.sql.rows<{ state: string }>(
      "SELECT state FROM careforall.outbox_parked WHERE aggregate_id = ANY ($1) ORDER BY outbox_id",
      [aggregates],
    )).map((row) => row.state);
  const id = (n: number): string => events[n]?.event_id ?? "";

  test("are listed in order, page by page, by type, campaign and state", async () => {
    const listed = await all<{ event_id: string }>(admin.http, `outbox/parked?campaign=${campaign}`, 2);
    expect(listed.map((event) => event.event_id)).toEqual(events.map((event) => event.event_id));
    expect(listed[1]).toMatchObject({
      attempts: 2, parked_at: "2026-01-01T00:00:00.000Z", last_failed_at: "2026-01-02T00:00:00.000Z", reason: "for a test" });
    expect(await all(admin.http, `outbox/parked?type=${type}`)).toHaveLength(1);
    expect(await all(admin.http, `outbox/parked?campaign=${campaign}&state=dropped`)).toEqual([]);
    expect((await look(admin.http, "outbox/parked?state=lost")).status).toBe(400);
    const outbox = await look<{ parked: number }>(admin.http, "outbox");
    expect(outbox.body.parked).toBe((await all(admin.http, "outbox/parked")).length);
  });

  test("one is released with its aggregate", async () => {
    const before = await auditCount(context);
    const dry = await act(admin.http, `outbox/parked/${id(1)}/release`, { dry_run: true });
    expect(dry.body).toMatchObject({ dry_run: true, events: 2, event: { state: "parked" } });
    expect(await states()).toEqual(["parked", "parked", "parked"]);
    expect(await auditCount(context)).toBe(before);
    const done = await act(admin.http, `outbox/parked/${id(1)}/release`, { reason: "the broker takes it now" });
    expect(done.body).toMatchObject({ dry_run: false, events: 2, event: { event_id: id(1), state: "released" } });
    expect(await states()).toEqual(["released", "released", "parked"]);
    expect(await audited(context, "outbox_release", aggregates[0])).toMatchObject({ acts_for: `account:${admin.id}` });
    const again = await act(admin.http, `outbox/parked/${id(0)}/release`);
    expect([again.status, again.body.code, again.body.state]).toEqual([409, "illegal-transition", "released"]);
  });

  test("one is dropped alone", async () => {
    expect((await act(admin.http, `outbox/parked/${id(0)}/drop`, { dry_run: true })).body).toMatchObject({ dry_run: true, events: 1 });
    expect(await states()).toEqual(["parked", "parked", "parked"]);
    expect((await act(admin.http, `outbox/parked/${id(0)}/drop`)).body).toMatchObject({ event: { state: "dropped" } });
    expect(await states()).toEqual(["dropped", "parked", "parked"]);
    expect((await act(admin.http, `outbox/parked/${id(0)}/drop`)).status).toBe(409);
    expect((await act(admin.http, `outbox/parked/${randomUUID()}/drop`)).status).toBe(404);
    expect((await act(admin.http, "outbox/parked/1/release")).status).toBe(404);
  });

  test("those of a type are released with their aggregates, by default only as a dry run", async () => {
    const dry = await act(admin.http, "outbox/redrive", { type });
    expect(dry.body).toMatchObject({ dry_run: true, count: 2, items: [{ aggregate_id: aggregates[0], events: 2, outcome: "would_release" }] });
    expect(await states()).toEqual(["parked", "parked", "parked"]);
    expect((await act(admin.http, "outbox/redrive", { type, campaign: "there-is-none", dry_run: false })).body).toMatchObject({ count: 0 });
    const done = await act(admin.http, "outbox/redrive", { type, campaign, dry_run: false });
    expect(done.body).toMatchObject({ dry_run: false, count: 2, items: [{ outcome: "released" }] });
    expect(await states()).toEqual(["released", "released", "parked"]);
  });
});

describe("consumers", () => {
  interface Consumer extends Doc {
    name: string;
    status: string;
    is_paused: boolean;
    behind: number;
    changed: Doc | null;
  }
  const of = async (name: string): Promise<Consumer | undefined> =>
    (await look<{ items: Consumer[] }>(admin.http, "consumers")).body.items.find((item) => item.name === name);

  test("are all there and run", async () => {
    const { body } = await look<{ items: Consumer[] }>(admin.http, "consumers");
    expect(body.items.map((item) => item.name)).toEqual(["relay", "projector", "payments"]);
    for (const item of body.items) expect(item).toMatchObject({ status: "running", is_paused: false });
  });

  test("pause and resume, named and with reasons", async () => {
    const done = await act<{ consumer: Consumer }>(admin.http, "consumers/payments/pause", { reason: "the provider asked for it" });
    expect(done.body).toMatchObject({
      result: "paused",
      consumer: { is_paused: true, changed: { by: { type: "account", id: admin.id }, reason: "the provider asked for it" } },
    });
    expect((await act(admin.http, "consumers/payments/pause")).body.result).toBe("same");
    await until("payments to be paused", async () => (await of("payments"))?.status === "paused");
    const id = (await sqlPledge(context.sql, campaign)).pledge_id ?? "";
    await until("its work to wait", async () => ((await of("payments"))?.behind ?? 0) >= 1);
    expect(await audited(context, "consumer.pause", "payments")).toMatchObject({ acts_for: `account:${admin.id}` });
    const health = await look<{ status: string; items: Doc[] }>(admin.http, "health");
    expect(health.body.items).toContainEqual(expect.objectContaining({ check: "paused consumers", status: "warn", value: "payments" }));
    expect((await act(admin.http, "consumers/payments/resume", { reason: "an hour is over" })).body.result).toBe("resumed");
    await pledgeIs(context.sql, id, "confirmed");
    await until("payments to run", async () => (await of("payments"))?.status === "running");
  });

  test("there is no other", async () => {
    for (const name of ["api", "Relay", "relay2"]) {
      expect((await act(admin.http, `consumers/${name}/pause`)).status).toBe(404);
      expect((await act(admin.http, `consumers/${name}/resume`)).status).toBe(404);
    }
    expect((await act(admin.http, "consumers/relay/pause", { reason: "no" })).status).toBe(422);
    expect((await act(admin.http, "consumers/relay/pause", { dry_run: true })).status).toBe(400);
    expect((await of("relay"))?.is_paused).toBe(false);
  });
});
