// SPDX-License-Identifier: Apache-2.0
// Promotion of a standby. Goal: the relay goes on there without loss or stall: a
// physical standby keeps transaction ids and checkpoints, so nothing is gone through
// again. Method: a streaming standby of the running primary, which is then killed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { until } from "../lib/until.ts";
import { addMany, compare, readiness, relay, sql, stack, stopRelay, stream, type Cases } from "./kit.ts";

const run = promisify(execFile);
const bin = "/usr/lib/postgresql/15/bin";

async function promotion(): Promise<void> {
  const port = stack.port("API");
  const dir = path.join(stack.dir, "standby");
  const { stdout } = await run("stat", ["-c", "%U", path.join(stack.dir, "pg")]);
  const as = async (program: string, ...args: string[]): Promise<void> => {
    const env = { PATH: process.env["PATH"] ?? "", PGPASSWORD: stack.get("STACK_PG_PASSWORD_POSTGRES") };
    const call = [path.join(bin, program), ...args];
    if (process.getuid?.() === 0) await run("setpriv", [`--reuid=${stdout.trim()}`, `--regid=${stdout.trim()}`, "--clear-groups", ...call], { env, cwd: "/" });
    else await run(call[0] ?? "", call.slice(1), { env, cwd: "/" });
  };
  await rm(dir, { recursive: true, force: true });
  await run("install", ["-d", "-o", stdout.trim(), "-m", "700", dir]);
  await stack.stop(["relay"]);
  await as("pg_basebackup", "-h", "127.0.0.1", "-p", String(stack.port("PG")), "-U", "postgres", "-D", dir, "-R", "-c", "fast");
  await as("pg_ctl", "-D", dir, "-w", "-s", "-l", path.join(dir, "standby.log"), "-o", `-p ${port}`, "start");
  const both = relay(stack.port("RELAY"), { pgPort: `${stack.port("PG")},${port}`, pgHost: "127.0.0.1,127.0.0.1" });
  const standby = new pg.Pool({ ...sql.config("postgres"), port, max: 2 });
  standby.on("error", () => undefined);
  try {
    await addMany("promoted", 1, 20);
    await compare();
    // What the primary had told nobody is gone with it; the standby has to have it.
    await addMany("promoted", 21, 10);
    const written = await sql.value<string>("SELECT pg_current_wal_flush_lsn()::text");
    await until("the standby to have all", async () =>
      (await standby.query<{ ok: boolean }>("SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS ok", [written])).rows[0]?.ok);
    await compare();
    const before = (await stream.size()).messages;
    await as("pg_ctl", "-D", path.join(stack.dir, "pg"), "-m", "immediate", "-s", "stop");
    await as("pg_ctl", "-D", dir, "-w", "-s", "promote");
    const begun = performance.now();
    for (let version = 31; version <= 50; version++) {
      await standby.query(
        `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
         VALUES (careforall.uuid7(), 'pledge', md5('promoted')::uuid, $1, md5('promoted')::uuid, 'pledge.created', '{}', clock_timestamp())`,
        [version],
      );
    }
    await until("the relay to publish what the new primary has", async () => (await stream.size()).messages >= before + 20);
    console.log(`        publishes ${((performance.now() - begun) / 1000).toFixed(1)} s after the promotion`);
    const id = (await standby.query<{ id: string }>("SELECT md5('promoted')::uuid::text AS id")).rows[0]?.id;
    const versions = (await stream.read()).filter((event) => event.aggregate === id).map((event) => event.version);
    assert.deepEqual(versions, Array.from({ length: 50 }, (_, i) => i + 1));
    assert.equal((await stream.size()).messages, before + 20);
    assert.ok((await readiness()).ok);
    // It went on from a checkpoint and did not go through everything.
    const { rows } = await standby.query<{ systems: string }>(
      "SELECT count(DISTINCT system_identifier)::text AS systems FROM careforall.relay_checkpoints");
    assert.equal(rows[0]?.systems, "1");
  } finally {
    await stopRelay(both);
    await standby.end();
    await as("pg_ctl", "-D", dir, "-m", "immediate", "-s", "stop").catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
  }
}

/** The last case: the old primary does not know what the new one has written. */
export const standbyCases: Cases = { promotion };
