// SPDX-License-Identifier: Apache-2.0
// One pledge as the database has it, and waiting for what becomes of it.
import type { Context } from "./context.ts";
import type { Sql } from "./sql.ts";
import { until } from "./until.ts";

export interface StoredPledge extends Record<string, unknown> {
  id: string;
  state: string;
  state_reason: string | null;
  version: number;
  amount_minor: number;
  refunded_minor: number;
  held_minor: number;
  held_places: number;
  payment_id: string | null;
  history: string[];
}

export async function storedPledge(sql: Sql, id: string): Promise<StoredPledge> {
  return sql.row<StoredPledge>(
    `SELECT id::text, state, state_reason, version, amount_minor, refunded_minor,
        held_minor, held_places, payment_id,
        (SELECT array_agg(event ORDER BY version) FROM careforall.pledge_history
          WHERE pledge_id = p.id) AS history
       FROM careforall.pledges p WHERE id = $1`,
    [id],
  );
}

/** Waits until the pledge is in the state. */
export async function pledgeIs(
  sql: Sql,
  id: string,
  state: string,
  timeoutMs = 60_000,
): Promise<StoredPledge> {
  return until(
    `pledge ${id} to be ${state}`,
    async () => {
      const pledge = await storedPledge(sql, id);
      return pledge.state === state ? pledge : null;
    },
    timeoutMs,
  );
}

/** Waits until the pledge has its payment at the provider, and gives that. */
export async function paymentOf(sql: Sql, id: string): Promise<string> {
  return until(`pledge ${id} to have a payment`, async () => (await storedPledge(sql, id)).payment_id);
}

/**
 * Makes a pledge and waits until it is confirmed. The provider tells of its payment when
 * that has been noted, which else may come the other way round.
 */
export async function confirmedInOrder(
  context: Pick<Context, "sql" | "provider">,
  make: () => Promise<string>,
): Promise<string> {
  let id: string;
  await context.provider.configure({ hold: true });
  try {
    id = await make();
    await paymentOf(context.sql, id);
  } finally {
    await context.provider.configure({ hold: false });
    await context.provider.flush();
  }
  await pledgeIs(context.sql, id, "confirmed");
  return id;
}

/** How many pledges of a campaign are in each state. */
export async function states(sql: Sql, campaign: string): Promise<Record<string, number>> {
  const rows = await sql.rows<{ state: string; count: number }>(
    "SELECT state, count(*) FROM careforall.pledges WHERE campaign_id = $1 GROUP BY state",
    [campaign],
  );
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

/** Makes all that happened to a pledge so old that its private link has expired just now. */
export async function expireLink(sql: Sql, id: string): Promise<void> {
  const client = await sql.pool("postgres").connect();
  try {
    await client.query("BEGIN");
    // The history is append-only.
    await client.query("SET LOCAL session_replication_role = replica");
    await client.query("UPDATE careforall.pledge_history SET occurred_at = occurred_at - interval '24 months' WHERE pledge_id = $1", [id]);
    await client.query("COMMIT");
  } finally {
    client.release();
  }
}
