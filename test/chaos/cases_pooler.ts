// SPDX-License-Identifier: Apache-2.0
// PostgreSQL behind a pooler in transaction mode. Goal: the engine's functions and the
// readers need no session and work there, exactly; the daemons need one, and say so
// instead of working wrongly. Method: PgBouncer with two server connections, sixteen
// clients that race for the last places, a reader whose calls go to any of the two, and
// each daemon pointed at the pooler.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { makeCampaign, pledgeCreate, pledgeValues, type PledgeRow } from "../lib/fixtures.ts";
import type { Login } from "../lib/sql.ts";
import { freePortBase } from "../lib/stack.ts";
import { until } from "../lib/until.ts";
import { compare, logOf, readiness, relay, sql, stack, stopRelay, type Cases } from "./kit.ts";

const logins: Login[] = ["api", "relay", "projector", "payments", "admin", "postgres"];

/** Runs work with a PgBouncer before the stack's database; its port is given. */
async function withPooler(work: (port: number) => Promise<void>): Promise<void> {
  const port = await freePortBase();
  const dir = await mkdtemp(path.join(tmpdir(), "careforall-pooler-"));
  await chmod(dir, 0o755);
  const users = logins.map((login) => sql.config(login)).map(({ user, password }) => `"${user}" "${String(password)}"\n`);
  await writeFile(path.join(dir, "users"), users.join(""), { mode: 0o644 });
  await writeFile(
    path.join(dir, "ini"),
    `[databases]
careforall = host=127.0.0.1 port=${stack.port("PG")} dbname=careforall
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${dir}/users
pool_mode = transaction
default_pool_size = 2
`,
    { mode: 0o644 },
  );
  // It refuses to run as root.
  const child = spawn("/usr/sbin/pgbouncer", [...(process.getuid?.() === 0 ? ["-u", "nobody"] : []), path.join(dir, "ini")], { stdio: "ignore" });
  try {
    await until("the pooler to answer", () => query(port, "api", "SELECT 1").then(() => true, () => false));
    await work(port);
  } finally {
    child.kill("SIGKILL");
    await rm(dir, { recursive: true });
  }
}

/** One statement by a client of its own. */
async function query<T extends pg.QueryResultRow>(port: number, login: Login, text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ ...sql.config(login), port });
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function race(port: number, campaign: string): Promise<void> {
  const pool = new pg.Pool({ ...sql.config("api"), port, max: 16 });
  const outcomes: string[] = [];
  const one = async (n: number): Promise<void> => {
    const client = await pool.connect();
    try {
      await client.query("BEGIN");
      const row = (await client.query<PledgeRow>(pledgeCreate, pledgeValues(campaign))).rows[0];
      // Each fifth gives back what it took.
      await client.query(n % 5 === 0 ? "ROLLBACK" : "COMMIT");
      if (n % 5 !== 0) outcomes.push(row?.outcome ?? "");
    } finally {
      client.release();
    }
  };
  try {
    await Promise.all(Array.from({ length: 120 }, (_, n) => one(n)));
  } finally {
    await pool.end();
  }
  const created = outcomes.filter((outcome) => outcome === "created").length;
  assert.ok(created > 0 && created <= 50, `${created} were created`);
  // Who was refused while a rollback was under way may try again: 50 fit, no more.
  let more = created;
  for (; more < 60; more++) {
    if ((await query<PledgeRow>(port, "api", pledgeCreate, pledgeValues(campaign)))[0]?.outcome !== "created") break;
  }
  assert.equal(more, 50);
  assert.equal(await sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1", [campaign]), 50);
}

async function read(port: number, campaign: string): Promise<void> {
  const seen: string[] = [];
  for (;;) {
    const events = await query<{ id: number; event_id: string; campaign_id: string }>(
      port, "postgres", "SELECT id, event_id, campaign_id FROM careforall.outbox_reader_next('pooled', 7)");
    const last = events.at(-1);
    if (!last) break;
    seen.push(...events.filter((event) => event.campaign_id === campaign).map((event) => event.event_id));
    await query(port, "postgres", "SELECT careforall.outbox_reader_ack('pooled', $1)", [last.id]);
  }
  const truth = await sql.rows<{ id: string }>("SELECT event_id::text AS id FROM careforall.outbox WHERE campaign_id = $1 ORDER BY id", [campaign]);
  assert.ok(truth.length >= 50);
  assert.deepEqual([...seen].sort(), truth.map((row) => row.id).sort());
}

/** A daemon of ours that is pointed at the pooler says what is wrong and does nothing. */
async function refused(port: number, binary: string, login: Login, env: Record<string, string>): Promise<void> {
  const http = await freePortBase();
  const child = relay(http, {
    binary,
    pgPort: port,
    env: {
      CAREFORALL_PG_DSN: `host=127.0.0.1 port=${port} dbname=careforall user=cfa_${login}`,
      CAREFORALL_PG_PASSWORD: stack.get(`STACK_PG_PASSWORD_${login.toUpperCase()}`),
      ...env,
    },
  });
  try {
    await until(`${binary} to refuse the pooler`, () => Promise.resolve(/"event":"pg_connect_failed".*a session of its own is needed/.test(logOf(child))));
    assert.equal((await readiness(http)).ok, false);
    assert.doesNotMatch(logOf(child), /"event":"leads"/);
  } finally {
    await stopRelay(child);
  }
}

async function pooler(): Promise<void> {
  await sql.rowsAs("admin", "SELECT careforall.outbox_reader_create('pooled', 'now', 'for a test')");
  const campaign = await makeCampaign(sql, { cap: 50_000 });
  await withPooler(async (port) => {
    await race(port, campaign);
    await read(port, campaign);
    const epoch = await sql.value<number>("SELECT max(epoch) FROM careforall.relay_leaders");
    await refused(port, "careforall-relay", "relay", {});
    await refused(port, "careforall-projector", "projector", { CAREFORALL_REDIS_URL: "redis://127.0.0.1:1/0" });
    await refused(port, "careforall-payments", "payments", {
      CAREFORALL_PROVIDER_URL: "http://127.0.0.1:1",
      CAREFORALL_PROVIDER_KEY: "sk_test_pooler",
    });
    assert.equal(await sql.value<number>("SELECT max(epoch) FROM careforall.relay_leaders"), epoch);
  });
  await sql.rowsAs("admin", "SELECT careforall.outbox_reader_remove('pooled', 'for a test')");
  await compare();
}

export const poolerCases: Cases = { pooler };
