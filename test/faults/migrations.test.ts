// SPDX-License-Identifier: Apache-2.0
// Goal: the schema moves forward while everything runs, and nobody notices. Method:
// pledges, reads of every kind, webhooks and the relay under way, while
// careforall-migrate of a made-up next release adds a column to pledges and an index,
// gives functions of the API another identity and result, and meets a transaction that
// holds the table; then every answer is looked at.
import { execFile } from "node:child_process";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody, type Answer } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { root } from "../lib/stack.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();
const run = promisify(execFile);
const present = readdirSync(path.join(root, "sql/migrations")).filter((name) => name.endsWith(".sql")).length + 1;

/** careforall-migrate of a folder, on the stack's database; gives what it prints. */
async function migrate(folder: string, onWait: () => void = () => undefined): Promise<string> {
  const job = run(path.join(folder, "migrate.sh"), {
    env: {
      ...process.env,
      PGHOST: "127.0.0.1",
      PGPORT: context.stack.get("STACK_PORT_PG"),
      PGUSER: "postgres",
      PGPASSWORD: context.stack.get("STACK_PG_PASSWORD_POSTGRES"),
    },
  });
  job.child.stdout?.on("data", (text: string) => {
    if (text.includes(" waits: ")) onWait();
  });
  return (await job).stdout;
}

/** A release with two migrations more, in which functions of the API are others. */
async function nextRelease(): Promise<string> {
  const folder = path.join(context.stack.dir, "next-release");
  await rm(folder, { recursive: true, force: true });
  await cp(path.join(root, "sql"), folder, { recursive: true });
  for (const [n, name] of ["pledge_source", "pledge_source_idx"].entries()) {
    const number = String(present + n + 1).padStart(4, "0");
    await cp(path.join(root, `test/fixtures/migrations/${name}.sql`), path.join(folder, `migrations/${number}_${name}.sql`));
  }
  const change = async (file: string, from: RegExp, to: string): Promise<void> => {
    const where = path.join(folder, "functions", file);
    const text = await readFile(where, "utf8");
    expect(text).toMatch(from);
    await writeFile(where, text.replace(from, to));
  };
  // Another identity: who has prepared it has to look for it again.
  await change("pledge_read.sql", /^(?=CREATE OR REPLACE FUNCTION careforall\.pledge_read\()/m,
    "DROP FUNCTION careforall.pledge_read(uuid, boolean, uuid);\n");
  // Another result: one column more.
  await change("ready.sql", /CREATE OR REPLACE FUNCTION careforall\.ready\(\)\nRETURNS TABLE \(/,
    "DROP FUNCTION careforall.ready();\n$&is_next boolean, ");
  await change("ready.sql", /SELECT \(SELECT e/, "SELECT true, (SELECT e");
  return folder;
}

/** Asks for everything without a pause, and keeps what was not answered well. */
class Traffic {
  readonly failed: string[] = [];
  answered = 0;
  made = 0;
  private running = true;
  private readonly jobs: Promise<void>[] = [];

  constructor(private readonly campaign: string) {}

  loop(kind: string, ask: () => Promise<Answer<unknown>>): void {
    this.jobs.push((async () => {
      while (this.running) {
        await ask().then(
          (answer) => {
            this.answered++;
            if (answer.status > 299) this.failed.push(`${kind}: ${answer.status} ${answer.text}`);
          },
          (error: unknown) => this.failed.push(`${kind}: ${String(error)}`),
        );
        await sleep(10);
      }
    })());
  }

  /** A donor who pledges and looks at what became of it. */
  donor(): void {
    let mine = { id: "", token: "" };
    this.loop("pledge", async () => {
      const answer = await context.http.pledge(this.campaign, pledgeBody());
      mine = answer.body;
      this.made++;
      return answer;
    });
    this.loop("look", () =>
      mine.id === "" ? context.http.get("/healthz") : context.http.get(`/api/v1/pledges/${mine.id}`, { "Pledge-Token": mine.token }));
  }

  async more(pledges: number): Promise<void> {
    const goal = this.made + pledges;
    await until(`${pledges} more pledges`, () => this.made >= goal, 60_000);
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.jobs);
  }
}

/** What went wrong by the API's own count: webhooks too. */
const faults = async (): Promise<number> =>
  sum(await scrape(context.stack, "API_ADMIN"), /^careforall_http_requests_total\{.*status="5/);

afterAll(async () => {
  await context.sql.rows("ALTER TABLE careforall.pledges DROP COLUMN IF EXISTS source");
  await context.sql.rows("DELETE FROM careforall.schema_migrations WHERE version > $1", [present]);
  await context.sql.rows("DROP FUNCTION careforall.ready()");
  await migrate(path.join(root, "sql"));
});

describe("a schema that moves forward under traffic", () => {
  test("no request fails, and everything holds", async () => {
    const folder = await nextRelease();
    const campaign = await makeCampaign(context.sql);
    const person = await context.login("donor");
    const traffic = new Traffic(campaign);
    const before = await faults();

    for (let donor = 0; donor < 3; donor++) traffic.donor();
    traffic.loop("campaign", () => context.http.get(`/api/v1/campaigns/${campaign}`));
    traffic.loop("list", () => context.http.get("/api/v1/campaigns?limit=5"));
    traffic.loop("search", () => context.http.get("/api/v1/campaigns?q=test&limit=5"));
    traffic.loop("gifts", () => context.http.get(`/api/v1/campaigns/${campaign}/gifts`));
    traffic.loop("mine", () => person.http.get("/api/v1/me/pledges"));
    traffic.loop("ready", () => context.http.get("/readyz"));
    await traffic.more(60);

    // Somebody holds the table until the migrator has said that it waits.
    const holder = await context.sql.client();
    await holder.query("BEGIN; LOCK careforall.pledges IN ROW EXCLUSIVE MODE");
    let released: Promise<unknown> | undefined;
    const told = await migrate(folder, () => {
      released ??= holder.query("COMMIT");
    });
    await released;
    await holder.end();
    await traffic.more(60);
    // Again, with nothing to migrate: all functions are made anew.
    await migrate(folder);
    await traffic.more(60);
    await traffic.stop();

    expect(told).toMatch(/pledge_source waits: canceling statement due to lock timeout/);
    expect(told).toMatch(/pledge_source_idx applied/);
    expect(traffic.failed).toEqual([]);
    expect(await faults()).toBe(before);
    expect(traffic.answered).toBeGreaterThan(600);
    expect(await context.sql.value("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1 AND source = 'web'", [campaign])).toBe(traffic.made);
    expect(await context.sql.value("SELECT is_next FROM careforall.ready()")).toBe(true);
    await assertInvariants(context);
  });

  test("the migrator of the release before refuses what came after it", async () => {
    const refused = await migrate(path.join(root, "sql")).catch((error: unknown) => error as { stderr: string });
    expect(refused).toMatchObject({ stderr: expect.stringContaining("the database is newer than this program") as string });
  });
});
