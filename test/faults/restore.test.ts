// SPDX-License-Identifier: Apache-2.0
// Goal: a dump restored into a new cluster is the whole truth (I9), and pledges go on
// there. Method: pg_dump of the running stack, a second stack with its own cluster,
// Redis and NATS, with TLS to PostgreSQL, and to NATS both ways, pg_restore into it, then
// the same checks and new pledges; and none where PostgreSQL's certificate is another's.
import { execFile } from "node:child_process";
import { copyFile, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { makePerson } from "../lib/account.ts";
import { useStack, type Context } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { Http, pledgeBody } from "../lib/http.ts";
import { assertInvariants, databaseHolds, drained } from "../lib/invariants.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { Provider } from "../lib/provider.ts";
import { openRedis } from "../lib/redis.ts";
import { Sql } from "../lib/sql.ts";
import { allParts, freePortBase, root, Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const run = promisify(execFile);
let second: Stack | undefined;

afterAll(async () => {
  await second?.stop();
});

/** Runs a PostgreSQL client program against a stack's cluster as the superuser. */
async function client(stack: Stack, program: string, ...args: string[]): Promise<void> {
  await run(program, ["-h", "127.0.0.1", "-p", String(stack.port("PG")), "-U", "postgres", ...args], {
    env: { ...process.env, PGPASSWORD: stack.get("STACK_PG_PASSWORD_POSTGRES") },
    maxBuffer: 16 * 1024 * 1024,
  });
}

describe("pg_dump and pg_restore", () => {
  test("the restored cluster holds, and pledges go on in it", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 3000 });
    expect((await context.http.pledge(campaign, pledgeBody(2000))).status).toBe(201);
    await drained(context);
    const dump = path.join(context.stack.dir, "dump");
    await rm(dump, { force: true });
    await client(context.stack, "pg_dump", "-Fc", "-f", dump, "careforall");

    const dir = `${context.stack.dir}-restored`;
    second = new Stack(dir);
    await second.reset();
    await rm(path.join(dir, "careforall.env"), { force: true });
    await second.start(["pg"], "--no-schema", "--port-base", String(await freePortBase()));
    await client(second, "psql", "-qX", "-d", "postgres", "-f", path.join(root, "sql/roles.sql"));
    await client(second, "createdb", "careforall");
    await client(second, "pg_restore", "-d", "careforall", "--exit-on-error", dump);
    await second.configure({ STACK_NATS_TLS: "on", STACK_PG_TLS: "on" });
    await second.stop(["pg"]);
    await second.start(["pg"], "--no-schema");

    const sql = new Sql(second);
    const restored: Context = {
      stack: second,
      sql,
      http: new Http(second),
      provider: new Provider(second),
      stream: new Stream(second),
      redis: openRedis(second),
      login: (role) => makePerson(restored.stack, sql, restored.http, role),
    };
    try {
      await databaseHolds(restored);
      const count = "SELECT count(*) FROM careforall.pledges";
      expect(await sql.value(count)).toBe(await context.sql.value(count));

      // The provider is the same one to the new cluster: its journal goes along.
      await context.stack.stop(["mockpay"]);
      await run("cp", ["-a", path.join(context.stack.dir, "mockpay"), dir]);
      await context.stack.start(["mockpay"]);
      await second.start(allParts);

      const created = await restored.http.pledge(campaign, pledgeBody(1000));
      expect(created.status).toBe(201);
      await pledgeIs(sql, created.body.id, "confirmed");
      // The cap counts what was restored.
      expect((await restored.http.pledge(campaign, pledgeBody(100))).status).toBe(409);
      await assertInvariants(restored);

      expect(await sql.rows(`SELECT a.usename AS name, bool_and(s.ssl) AS is_encrypted
        FROM pg_catalog.pg_stat_ssl AS s JOIN pg_catalog.pg_stat_activity AS a USING (pid)
        WHERE a.usename LIKE 'cfa\\_%' GROUP BY a.usename ORDER BY a.usename`)).toEqual(
        ["cfa_api", "cfa_payments", "cfa_projector", "cfa_relay"].map((name) => ({ name, is_encrypted: true })),
      );

      // They are read at each connect: one that the server does not have.
      await copyFile(path.join(dir, "nats-tls.crt"), path.join(dir, "pg-tls.crt"));
      await sql.rows(`SELECT pg_catalog.pg_terminate_backend(pid)
        FROM pg_catalog.pg_stat_activity WHERE usename LIKE 'cfa\\_%'`);
      for (const part of ["api", "relay", "projector", "payments"] as const) {
        await until(`${part} to refuse the server`, async () =>
          (await restored.stack.log(part)).includes("certificate verify failed"));
      }
      expect(await sql.value("SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename LIKE 'cfa\\_%'")).toBe(0);
    } finally {
      restored.redis.disconnect();
      await restored.stream.close();
      await sql.close();
    }
  });
});
