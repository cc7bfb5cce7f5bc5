// SPDX-License-Identifier: Apache-2.0
// The relay against its yardsticks, in turns on one stack: drain rate and CPU of each
// event (PgQ, SKIP LOCKED pollers in C and in Node), latency by rate, a session that is
// idle in a transaction, dead tuples, and what wake-ups cost the writers.
// BENCH_EVENTS (300000), BENCH_SECONDS (4), BENCH_IDLE_SECONDS (120).
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { connect, StorageType } from "nats";
import { Sql } from "../lib/sql.ts";
import { root, type Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { sleep, until } from "../lib/until.ts";

const run = promisify(execFile);
const count = Number(process.env.BENCH_EVENTS ?? 300_000);
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const idleSeconds = Number(process.env.BENCH_IDLE_SECONDS ?? 120);
const here = import.meta.dirname;
const data = JSON.stringify({ pledge_id: "0".repeat(36), filling: "x".repeat(400) });

interface Drain {
  rate: number;
  cpuUs: number;
}

export class RelayBench {
  private readonly stream: Stream;
  private round = 0;

  constructor(
    private readonly stack: Stack,
    private readonly sql: Sql,
  ) {
    this.stream = new Stream(stack);
  }

  private async withNats<T>(work: (nats: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> {
    const nats = await connect({
      servers: `127.0.0.1:${this.stack.port("NATS")}`,
      user: "relay",
      pass: this.stack.get("STACK_NATS_PASSWORD_RELAY"),
    });
    try {
      return await work(nats);
    } finally {
      await nats.close();
    }
  }

  /** An empty stream for the yardsticks, made like the relay's. */
  private async freshYard(): Promise<void> {
    await this.withNats(async (nats) => {
      const manager = await nats.jetstreamManager();
      await manager.streams.delete("YARD").catch(() => undefined);
      await manager.streams.add({ name: "YARD", subjects: ["yard.>"], storage: StorageType.File, duplicate_window: 120_000_000_000 });
    });
  }

  private insert(aggregate: string): Promise<unknown> {
    return this.sql.rows(
      `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version,
         campaign_id, type, data, occurred_at)
       SELECT careforall.uuid7(), 'pledge', md5($1 || n % 1000)::uuid, n / 1000 + 1, md5($1)::uuid,
         'pledge.created', $3::json, clock_timestamp() FROM generate_series(0, $2::int - 1) n`,
      [aggregate, count, data],
    );
  }

  private async pid(name: string): Promise<number> {
    return Number(await readFile(path.join(this.stack.dir, "run", `${name}.pid`), "utf8"));
  }

  /** CPU seconds of a process. */
  private async cpu(pid: number): Promise<number> {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /**
   * The relay is stopped while the backlog is made; time runs from when it begins to
   * read, as the yardsticks' does from when they are connected.
   */
  async relay(): Promise<Drain> {
    await this.stack.stop(["relay"]);
    await this.insert(`relay ${this.round++}`);
    const before = (await this.stream.size()).messages;
    const started = this.stack.start(["relay"]);
    await until("the backlog to be published", async () => (await this.stream.size()).messages >= before + count, 300_000);
    const end = Date.now();
    await started;
    const cpuUs = ((await this.cpu(await this.pid("relay"))) / count) * 1e6;
    return { rate: count / ((end - (await this.flowingSince())) / 1000), cpuUs };
  }

  /** When the relay began to read, by its log. */
  private async flowingSince(): Promise<number> {
    const log = await readFile(path.join(this.stack.dir, "log/relay.log"), "utf8");
    const line = log.trimEnd().split("\n").findLast((text) => text.includes('"event":"flowing"')) ?? "{}";
    return Date.parse((JSON.parse(line) as { ts: string }).ts);
  }

  private async yardstick(program: string, ...args: string[]): Promise<Drain> {
    await this.freshYard();
    const { stdout } = await run(program, args, {
      cwd: path.join(here, ".."),
      env: {
        ...process.env,
        PGHOST: "127.0.0.1",
        PGPORT: String(this.stack.port("PG")),
        PGUSER: "postgres",
        PGPASSWORD: this.stack.get("STACK_PG_PASSWORD_POSTGRES"),
        PGDATABASE: "careforall",
        NATS_URL: `nats://127.0.0.1:${this.stack.port("NATS")}`,
        NATS_USER: "relay",
        NATS_PASSWORD: this.stack.get("STACK_NATS_PASSWORD_RELAY"),
      },
    });
    const result = JSON.parse(stdout) as { seconds: number; cpu_seconds: number };
    return { rate: count / result.seconds, cpuUs: (result.cpu_seconds / count) * 1e6 };
  }

  private get poller(): string {
    return path.join(this.stack.dir, "poller");
  }

  async skipLocked(program: "c" | "node"): Promise<Drain> {
    await this.sql.rows(
      "INSERT INTO yard.outbox (event_id, data) SELECT careforall.uuid7(), $2::json FROM generate_series(1, $1::int)",
      [count, data],
    );
    const drain = program === "c"
      ? await this.yardstick(this.poller, "skip", String(count))
      : await this.yardstick(process.execPath, path.join(here, "yardstick/poller.mjs"), String(count));
    await this.sql.rows("TRUNCATE yard.outbox");
    return drain;
  }

  async pgq(): Promise<Drain> {
    // Ticks as pgqd would set them: one for each thousand events.
    const client = await this.sql.client();
    try {
      for (let made = 0; made < count; made += 1_000) {
        await client.query(
          "SELECT pgq.insert_event('yard', 'pledge.created', $1, careforall.uuid7()::text, NULL, NULL, NULL) FROM generate_series(1, $2::int)",
          [data, Math.min(1_000, count - made)],
        );
        await client.query("SELECT pgq.force_tick('yard')");
        await client.query("SELECT pgq.ticker('yard')");
      }
    } finally {
      await client.end();
    }
    return this.yardstick(this.poller, "pgq", String(count));
  }

  async prepare(): Promise<void> {
    await run("cc", ["-O2", "-Wall", "-Wextra", "-I/usr/include/postgresql", "-o", this.poller,
      path.join(here, "yardstick/poller.c"), "-lpq", "-lnats"]);
    await run(path.join(root, "ops/run/stack.sh"), ["psql", "--dir", this.stack.dir, "--", "-qX",
      "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", path.join(here, "yardstick/yardstick.sql")]);
  }

  private pgbench(script: string, time: number, ...args: string[]): ChildProcess {
    return spawn("/usr/lib/postgresql/15/bin/pgbench",
      ["-n", "-M", "prepared", "-T", String(time), "-f", path.join(here, "sql", script), ...args,
        "-h", "127.0.0.1", "-p", String(this.stack.port("PG")), "-U", "postgres", "careforall"],
      { env: { ...process.env, PGPASSWORD: this.stack.get("STACK_PG_PASSWORD_POSTGRES") }, stdio: ["ignore", "pipe", "inherit"] });
  }

  private async tps(child: ChildProcess): Promise<number> {
    let output = "";
    child.stdout?.on("data", (text: Buffer) => (output += text.toString()));
    await new Promise((done) => child.once("close", done));
    return Number(/tps = ([\d.]+)/.exec(output)?.[1] ?? 0);
  }

  /** Commits are stamped from now on, so that delays count from there. */
  async stampCommits(): Promise<void> {
    await this.sql.rows("ALTER SYSTEM SET track_commit_timestamp = on");
    await this.stack.stop(["relay", "pg"]);
    await this.stack.start(["pg", "relay"], "--no-schema");
  }

  /** From the commit to a subscriber in this process, at a rate of events. */
  async latency(rate: number): Promise<{ rate: number; p50: number; p99: number }> {
    const received = new Map<string, number>();
    const stop = await this.stream.follow((event) => received.set(event.aggregate, performance.timeOrigin + performance.now()));
    const from = await this.sql.value<number>("SELECT COALESCE(max(id), 0) FROM careforall.outbox");
    const perCommit = rate > 1_000 ? 20 : 1;
    // Pledges, because only they wake a relay that sleeps; several in a transaction as the API sends them.
    const commits = await this.tps(this.pgbench(perCommit > 1 ? "batch_twenty.sql" : "engine_spread.sql", seconds * 2,
      "-c", "8", "-j", "1", "-R", String(rate / perCommit)));
    await sleep(1_000);
    await stop();
    const rows = await this.sql.rows<{ id: string; at: number }>(
      `SELECT aggregate_id::text AS id, extract(epoch FROM pg_xact_commit_timestamp(xid::xid))::float8 * 1000 AS at
         FROM careforall.outbox WHERE id > $1`, [from]);
    const delays = rows.map((row) => (received.get(row.id) ?? Number.NaN) - row.at);
    if (delays.length === 0 || delays.some(Number.isNaN)) throw new Error("an event did not come");
    delays.sort((a, b) => a - b);
    const at = (share: number): number => delays[Math.floor(delays.length * share)] ?? Number.NaN;
    return { rate: commits * perCommit, p50: at(0.5), p99: at(0.99) };
  }

  /** Events published a second while writers write as fast as they can. */
  private async liveRate(time: number): Promise<number> {
    const before = (await this.stream.size()).messages;
    await this.tps(this.pgbench("outbox_one.sql", time, "-c", "8", "-j", "1"));
    return ((await this.stream.size()).messages - before) / time;
  }

  /** The live rate at the end of minutes with a session idle in a transaction, and around them. */
  async idleInTransaction(): Promise<{ around: number; beside: number }> {
    const before = await this.liveRate(seconds * 2);
    const client = await this.sql.client();
    let beside = 0;
    try {
      await client.query("BEGIN");
      // With a snapshot and a transaction id, so that it holds everything back that can be.
      await client.query("SELECT pg_current_xact_id(), count(*) FROM careforall.outbox");
      await this.liveRate(Math.max(1, idleSeconds - seconds * 2));
      beside = await this.liveRate(seconds * 2);
    } finally {
      await client.query("ROLLBACK");
      await client.end();
    }
    // Others may use the machine: what changed by itself shows here.
    return { around: (before + (await this.liveRate(seconds * 2))) / 2, beside };
  }

  /** Dead rows of the outbox and of the relay's own tables. */
  async deadTuples(): Promise<{ outbox: number; other: number; events: number }> {
    await this.sql.rows("SELECT pg_stat_force_next_flush()");
    await sleep(1_500);
    return this.sql.row(
      `SELECT COALESCE(sum(n_dead_tup) FILTER (WHERE relname ~ '^outbox_[0-9]'), 0)::int AS outbox,
         COALESCE(sum(n_dead_tup) FILTER (WHERE relname ~ '^relay_'), 0)::int AS other,
         (SELECT count(*) FROM careforall.outbox)::int AS events
         FROM pg_stat_user_tables WHERE schemaname = 'careforall'`);
  }

  /** Pledges a second with nobody asleep, and with a listener that sleeps again as the relay does. */
  async wakeUps(on: boolean): Promise<number> {
    const client = await this.sql.client("relay");
    try {
      if (on) {
        client.on("notification", () =>
          setTimeout(() => void client.query("SELECT careforall.outbox_sleep()").catch(() => undefined), 50));
        await client.query("LISTEN careforall_outbox");
        await client.query("SELECT careforall.outbox_sleep()");
      } else {
        await client.query("SELECT careforall.outbox_wake()");
      }
      return await this.tps(this.pgbench("engine_spread.sql", seconds, "-c", "16", "-j", "2", "-D", "i=0", "-D", `run=${7_000 + this.round++}`));
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.stream.close();
  }
}
