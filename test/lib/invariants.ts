// SPDX-License-Identifier: Apache-2.0
// Everything that must hold once the queues are drained, by reading all of it back:
// the database judges itself, then the stream, the read model and the provider's
// ledger are compared with it. Names I1 to I9 are those of docs/concepts/architecture.md.
import { expect } from "vitest";
import type { Context } from "./context.ts";
import type { StreamEvent } from "./stream.ts";
import { until } from "./until.ts";

interface OutboxRow extends Record<string, unknown> {
  event_id: string;
  aggregate_id: string;
  aggregate_version: number;
  type: string;
  data: string;
}

/** Waits until nothing moves: outbox published, no payment or refund under way. */
export async function drained(context: Context, timeoutMs = 60_000): Promise<void> {
  await until(
    "no pledge waiting for its payment, no refund open",
    async () => {
      const waiting = await context.sql.value<number>(
        `SELECT (SELECT count(*) FROM careforall.pledges WHERE state = 'pending')
              + (SELECT count(*) FROM careforall.refunds WHERE state = 'requested')`,
      );
      return waiting === 0;
    },
    timeoutMs,
  );
  await published(context, timeoutMs);
}

/** Drained, and nothing is left that the relay's newest checkpoint does not see. */
export async function settled(context: Context, timeoutMs = 60_000): Promise<void> {
  await drained(context, timeoutMs);
  await until("the relay to have acknowledged everything", async () =>
    (await context.sql.value<number>(
      `SELECT count(*) FROM careforall.outbox o WHERE NOT pg_visible_in_snapshot(o.xid,
         (SELECT c.snapshot FROM careforall.relay_checkpoints c ORDER BY c.id DESC LIMIT 1))`)) === 0, timeoutMs);
}

/** Waits until the stream holds every outbox row and the read model is at its end. */
export async function published(context: Context, timeoutMs = 60_000): Promise<void> {
  await until(
    "the outbox to be on the stream",
    async () => {
      const rows = await context.sql.value<number>("SELECT count(*) FROM careforall.outbox");
      return (await context.stream.size()).messages >= rows;
    },
    timeoutMs,
  );
  await until(
    "the read model to be at the end of the stream",
    async () => {
      const { last } = await context.stream.size();
      const [ready, seq] = await Promise.all([
        context.redis.get("cfa:ready"),
        context.redis.hget("cfa:position", "seq"),
      ]);
      return ready === "1" && Number(seq) >= last;
    },
    timeoutMs,
  );
}

/** Checks I1 to I8 over the whole stack; call it when nothing sends any more. */
export async function assertInvariants(context: Context): Promise<void> {
  await drained(context);
  await databaseHolds(context);
  await streamEqualsOutbox(context);
  await readModelEqualsDatabase(context);
  await onePaymentEach(context);
  await moneyIsConserved(context);
}

/** The database's own checks (I1, I3, I4, I6, I8): no violation in any of them. */
export async function databaseHolds(context: Pick<Context, "sql">): Promise<void> {
  const checks = await context.sql.rows<{ name: string; violations: number; sample: string }>(
    "SELECT name, violations, sample FROM careforall.verify()",
  );
  expect(checks.length).toBeGreaterThan(4);
  expect(checks.filter((check) => check.violations !== 0)).toEqual([]);
}

/** I1, I2, I5: each committed event once, nothing else, each aggregate in order. */
export async function streamEqualsOutbox(context: Context): Promise<void> {
  const rows = await context.sql.rows<OutboxRow>(
    `SELECT event_id::text, aggregate_id::text, aggregate_version, type, data::text
       FROM careforall.outbox`,
  );
  const all = await context.stream.read();
  // What a replay sent again is no event of its own, but what one was before.
  const events = all.filter((event) => !event.headers.has("careforall-replay"));
  const seen = new Map<string, StreamEvent>();
  const twice: string[] = [];
  for (const event of events) {
    if (seen.has(event.id)) twice.push(event.id);
    seen.set(event.id, event);
  }
  expect(twice, "events that are twice on the stream").toEqual([]);
  const ids = new Set(rows.map((row) => row.event_id));
  expect(
    all.filter((event) => event.headers.has("careforall-replay") &&
      !((seen.get(event.id)?.sequence ?? Infinity) < event.sequence && seen.get(event.id)?.data === event.data)),
    "replayed events that were not there before",
  ).toEqual([]);
  expect(events.filter((event) => !ids.has(event.id)), "events never committed").toEqual([]);
  expect(
    rows.filter((row) => seen.get(row.event_id)?.data !== row.data).map((row) => row.type),
    "events lost or changed on the way",
  ).toEqual([]);
  expect(disorder(events), "aggregates out of order").toEqual([]);
}

/** Aggregates whose versions do not come as 1, 2, 3 and so on. */
export function disorder(events: StreamEvent[]): string[] {
  const next = new Map<string, number>();
  const wrong = new Set<string>();
  for (const event of events) {
    const expected = next.get(event.aggregate) ?? 1;
    if (event.version !== expected) wrong.add(event.aggregate);
    next.set(event.aggregate, event.version + 1);
  }
  return [...wrong];
}

interface CampaignDocument {
  state: string;
  version: number;
  totals: {
    raised: { amount: number };
    confirmed_count: number;
    pending: { amount: number };
    pending_count: number;
  };
  rewards: { id: string; remaining: number | null }[];
}

/** I6: what Redis shows of each public campaign equals a recount of its pledges. */
export async function readModelEqualsDatabase(context: Context): Promise<void> {
  const campaigns = await context.sql.rows<{
    id: string;
    state: string;
    version: number;
    listed: boolean;
    raised: number;
    confirmed: number;
    pending: number;
    pending_count: number;
  }>(
    `SELECT c.id::text, c.state, c.version, c.archived_at IS NULL AS listed,
        coalesce(sum(p.amount_minor - p.refunded_minor)
          FILTER (WHERE p.state IN ('confirmed', 'refunded')), 0)::bigint AS raised,
        count(*) FILTER (WHERE p.state = 'confirmed') AS confirmed,
        coalesce(sum(p.amount_minor) FILTER (WHERE p.state = 'pending'), 0)::bigint AS pending,
        count(*) FILTER (WHERE p.state = 'pending') AS pending_count
       FROM careforall.campaigns c
       LEFT JOIN careforall.pledges p ON p.campaign_id = c.id
      WHERE c.state <> 'draft' GROUP BY c.id`,
  );
  const remaining = await remainingPlaces(context);
  const listing = new Set<string>();
  for (const { listed, ...row } of campaigns) {
    if (listed) listing.add(row.id);
    const text = await context.redis.hget(`cfa:campaign:${row.id}`, "doc");
    expect(text, `campaign ${row.id} in the read model`).not.toBeNull();
    const document = JSON.parse(text ?? "{}") as CampaignDocument;
    expect({
      id: row.id,
      state: document.state,
      version: document.version,
      raised: document.totals.raised.amount,
      confirmed: document.totals.confirmed_count,
      pending: document.totals.pending.amount,
      pending_count: document.totals.pending_count,
    }).toEqual(row);
    for (const reward of document.rewards) {
      expect({ reward: reward.id, left: reward.remaining }).toEqual({
        reward: reward.id,
        left: remaining.get(reward.id) ?? null,
      });
    }
  }
  const listed = await context.redis.zrange("cfa:campaigns", "0", "-1");
  expect([...listed].sort()).toEqual([...listing].sort());
}

/** Places left of each reward, its shared pool counted in; absent when unlimited. */
async function remainingPlaces(context: Context): Promise<Map<string, number>> {
  const rows = await context.sql.rows<{ id: string; left: number | null }>(
    `SELECT r.id::text, least(
        r.quantity - (SELECT coalesce(sum(held_places), 0) FROM careforall.pledges WHERE reward_id = r.id),
        l.capacity - (SELECT coalesce(sum(held_places), 0) FROM careforall.pledges WHERE pool_id = l.id)
      )::int AS left
       FROM careforall.rewards r LEFT JOIN careforall.pools l ON l.id = r.pool_id`,
  );
  return new Map(rows.flatMap((row) => (row.left === null ? [] : [[row.id, row.left]])));
}

/** I7: nobody was charged twice, not even for a moment: a pledge has one payment at most. */
export async function onePaymentEach(context: Pick<Context, "provider">): Promise<void> {
  const ledger = await context.provider.ledger();
  const payments = new Map<string, string[]>();
  for (const { id, metadata: { pledge_id: pledge } } of ledger.payment_intents) {
    if (pledge !== undefined) payments.set(pledge, [...(payments.get(pledge) ?? []), id]);
  }
  expect([...payments].filter(([, ids]) => ids.length > 1), "pledges with more than one payment").toEqual([]);
}

/** I7: for each pledge, the provider holds what the database says and not a cent more. */
export async function moneyIsConserved(context: Context): Promise<void> {
  const ledger = await context.provider.ledger();
  const held = new Map<string, number>();
  const pledgeOf = new Map<string, string>();
  for (const intent of ledger.payment_intents) {
    const pledge = intent.metadata.pledge_id ?? "";
    pledgeOf.set(intent.id, pledge);
    if (intent.status === "succeeded") {
      held.set(pledge, (held.get(pledge) ?? 0) + intent.amount_received);
    }
  }
  for (const refund of ledger.refunds) {
    if (refund.status !== "succeeded") continue;
    const pledge = pledgeOf.get(refund.payment_intent) ?? "";
    held.set(pledge, (held.get(pledge) ?? 0) - refund.amount);
  }
  const pledges = await context.sql.rows<{ id: string; kept: number }>(
    `SELECT id::text, CASE WHEN state IN ('confirmed', 'refunded')
        THEN amount_minor - refunded_minor ELSE 0 END::bigint AS kept
       FROM careforall.pledges`,
  );
  const wrong = pledges.flatMap((pledge) => {
    const provider = held.get(pledge.id) ?? 0;
    held.delete(pledge.id);
    return provider === pledge.kept ? [] : [{ ...pledge, provider }];
  });
  expect(wrong, "pledges whose money differs at the provider").toEqual([]);
  expect([...held].filter(([, amount]) => amount !== 0), "money of no pledge").toEqual([]);
}
