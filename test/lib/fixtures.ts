// SPDX-License-Identifier: Apache-2.0
// Campaigns and pledges for the tests; every test makes its own.
import { createHash, randomBytes } from "node:crypto";
import type { Login, Row, Sql } from "./sql.ts";

export interface CampaignOptions {
  state?: "draft" | "active" | "paused" | "closed";
  currency?: string;
  cap?: number | null;
  min?: number;
  max?: number | null;
  starts?: string;
  ends?: string | null;
  refundReleases?: boolean;
}

let made = 0;

/** A campaign by plain SQL as the owner would write it; gives its id. */
export async function makeCampaign(
  sql: Sql,
  options: CampaignOptions = {},
): Promise<string> {
  const slug = `test-${Date.now()}-${process.pid}-${made++}`;
  const state = options.state ?? "active";
  const id = await sql.value<string>(
    `INSERT INTO careforall.campaigns (slug, title, category, owner_name, currency,
       goal_minor, cap_minor, min_pledge_minor, max_pledge_minor, refund_releases,
       starts_at, ends_at)
     VALUES ($1, $2, 'health', 'Test owner', $3, 1000000, $4, $5, $6, $7,
       careforall.clock() + $8::interval, careforall.clock() + $9::interval)
     RETURNING id`,
    [
      slug,
      `Campaign ${slug}`,
      options.currency ?? "EUR",
      options.cap ?? null,
      options.min ?? 100,
      options.max ?? null,
      options.refundReleases ?? true,
      options.starts ?? "-1 hour",
      options.ends ?? null,
    ],
  );
  // draft -> active -> paused | closed, each step by the life cycle's trigger
  const steps = { draft: [], active: ["active"], paused: ["active", "paused"], closed: ["active", "closed"] };
  for (const step of steps[state]) {
    await sql.rows("UPDATE careforall.campaigns SET state = $2 WHERE id = $1", [id, step]);
  }
  return id;
}

export async function makePool(sql: Sql, campaign: string, capacity: number | null): Promise<string> {
  return sql.value<string>(
    "INSERT INTO careforall.pools (campaign_id, name, capacity) VALUES ($1, 'Pool', $2) RETURNING id",
    [campaign, capacity],
  );
}

export async function makeReward(
  sql: Sql,
  campaign: string,
  options: { quantity?: number | null; pool?: string; min?: number } = {},
): Promise<string> {
  return sql.value<string>(
    `INSERT INTO careforall.rewards (campaign_id, pool_id, title, min_amount_minor, quantity)
     VALUES ($1, $2, 'Reward', $3, $4) RETURNING id`,
    [campaign, options.pool ?? null, options.min ?? 100, options.quantity ?? null],
  );
}

export interface PledgeOptions {
  amount?: number | string;
  currency?: string | null;
  reward?: string | null;
  quantity?: number | null;
  name?: string | null;
  email?: string | null;
  display?: string | null;
  message?: string | null;
  key?: Buffer | null;
  fingerprint?: Buffer | null;
}

export interface PledgeRow extends Row {
  outcome: string;
  pledge_id: string | null;
  state: string | null;
  version: number | null;
  detail: string | null;
}

export const pledgeCreate = `SELECT * FROM careforall.pledge_create($1::uuid, $2::bigint,
  $3::text, $4::text, $5::text, $6::uuid, $7::int, $8::text, $9::text, $10::bytea, $11::bytea)`;

export function pledgeValues(campaign: string, options: PledgeOptions = {}): unknown[] {
  const pick = <T>(value: T | undefined, otherwise: T): T =>
    value === undefined ? otherwise : value;
  return [
    campaign,
    options.amount ?? 1000,
    pick(options.currency, "EUR"),
    pick(options.name, "Ada Tester"),
    pick(options.email, "ada@example.org"),
    options.reward ?? null,
    options.quantity ?? null,
    pick(options.display, "name"),
    pick(options.message, ""),
    options.key ?? null,
    options.fingerprint ?? null,
  ];
}

/** One pledge by SQL, as the API's role unless told otherwise. */
export async function sqlPledge(
  sql: Sql,
  campaign: string,
  options: PledgeOptions = {},
  login: Login = "api",
): Promise<PledgeRow> {
  const rows = await sql.rowsAs<PledgeRow>(login, pledgeCreate, pledgeValues(campaign, options));
  if (!rows[0]) throw new Error("pledge_create gave no row");
  return rows[0];
}

export const randomKey = (): Buffer => randomBytes(32);
export const sha256 = (text: string | Buffer): Buffer =>
  createHash("sha256").update(text).digest();
