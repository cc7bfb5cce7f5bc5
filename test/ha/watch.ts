// SPDX-License-Identifier: Apache-2.0
// Watching while things break: how long each kind of work stood still, and whether
// there was ever more than one primary.
import pg from "pg";
import type { Sql } from "../lib/sql.ts";
import { sleep } from "../lib/until.ts";
import type { Host } from "./host.ts";

/** When something last got through, and the longest time in which nothing did. */
export class Pulse {
  private last = performance.now();
  private longest = 0;

  beat(): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.last);
    this.last = now;
  }

  /** Counts anew from now on. */
  reset(): void {
    this.last = performance.now();
    this.longest = 0;
  }

  /** Seconds; what has not ended yet counts as well. */
  get gap(): number {
    return Math.max(this.longest, performance.now() - this.last) / 1_000;
  }
}

/** Does the work again and again until it is stopped; beats whenever it gives true. */
export function pulseOf(work: () => Promise<boolean>, restMs = 50): { pulse: Pulse; stop: () => Promise<void> } {
  const pulse = new Pulse();
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      if (await work().catch(() => false)) pulse.beat();
      await sleep(restMs);
    }
  })();
  return {
    pulse,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

interface Commit {
  host: string;
  timeline: number;
  /** When it was acknowledged. */
  at: number;
}

const probe = `SELECT pg_logical_emit_message(true, 'probe', ''),
  ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline`;

/**
 * Tries to write on every host all the time, on a connection of its own that knows no
 * other, and keeps what was acknowledged: a message in the write-ahead log, which
 * waits for the synchronous standby as every commit does.
 */
export class PrimaryWatch {
  readonly commits: Commit[] = [];
  private isRunning = true;
  private readonly done: Promise<unknown>;

  constructor(sql: Sql, hosts: Host[]) {
    const config = { ...sql.config("postgres"), database: "postgres", connectionTimeoutMillis: 1_000, query_timeout: 2_000 };
    this.done = Promise.all(hosts.map((host) => this.watch(host, { ...config, host: host.address })));
  }

  private async watch(host: Host, config: pg.ClientConfig): Promise<void> {
    while (this.isRunning) {
      const client = new pg.Client(config);
      client.on("error", () => undefined);
      // A standby refuses, or nobody is there.
      await this.write(host, client).catch(() => undefined);
      await client.end().catch(() => undefined);
      await sleep(200);
    }
  }

  private async write(host: Host, client: pg.Client): Promise<void> {
    let warnings = 0;
    client.on("notice", () => { warnings++; });
    await client.connect();
    while (this.isRunning) {
      const before = warnings;
      const { rows: [row] } = await client.query<{ timeline: number }>(probe);
      // A warning says that no standby was waited for: that is no acknowledgement.
      if (warnings === before) this.commits.push({ host: host.name, timeline: row?.timeline ?? 0, at: performance.now() });
      await sleep(100);
    }
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await this.done;
  }

  /** Commits that were acknowledged on a timeline after a later one had begun. */
  get rivals(): string[] {
    let newest: Commit | undefined;
    const found: string[] = [];
    for (const commit of [...this.commits].sort((a, b) => a.at - b.at)) {
      if (newest && (commit.timeline < newest.timeline || (commit.timeline === newest.timeline && commit.host !== newest.host)))
        found.push(`${commit.host} on timeline ${commit.timeline} after ${newest.host} on ${newest.timeline}`);
      if (!newest || commit.timeline > newest.timeline) newest = commit;
    }
    return found;
  }
}
