// SPDX-License-Identifier: Apache-2.0
// Goal: Prometheus gets what rules and alerts ask for, each alert fires when it should
// and only then, and says where its runbook is; dashboards show data. Method: promtool
// with the cases of ops/prometheus/tests; a real Prometheus scrapes this stack under a
// short load, and every expression of rules and panels is asked of it.
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { type Prometheus, selectors, startPrometheus } from "../lib/prometheus.ts";
import { root } from "../lib/stack.ts";
import { pool, until } from "../lib/until.ts";

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: { summary: string; runbook: string };
}
interface Board {
  uid: string;
  editable: boolean;
  templating: { list: { name: string }[] };
  panels: {
    id: number;
    type: string;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    datasource?: { uid: string; type: string };
    targets?: { refId: string; expr: string }[];
    links?: { url: string }[];
  }[];
}
interface Case {
  name: string;
  promql_expr_test: { expr: string; exp_samples: unknown[] }[];
}

const folder = path.join(root, "ops/prometheus");
const rulesOf = (file: string): Rule[] =>
  (parse(readFileSync(path.join(folder, "rules", file), "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const alerts = rulesOf("alerts.yml");
const recorded = rulesOf("recording.yml");

const context = useStack();
let prometheus: Prometheus;

/** What comes from elsewhere, or only where something is set up that is not here. */
const elsewhere = /^(node_|careforall_(certificate|backup|outbox_reader)_)/;

function promtool(...words: string[]): void {
  const { status, stdout, stderr } = spawnSync("promtool", words, { cwd: folder, encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
}

/** A short load that touches every path that metrics tell of. */
async function load(): Promise<void> {
  const campaign = await makeCampaign(context.sql, { cap: 100_000 });
  const give = (amount: number, key = randomUUID()) => context.http.pledge(campaign, pledgeBody(amount), key);
  const key = randomUUID();
  await give(1000, key);
  expect((await give(1000, key)).headers.get("idempotency-replayed")).toBe("true");
  const made = await pool(8, Array.from({ length: 40 }, () => () => give(1000)));
  expect((await give(100_000)).status).toBe(409);
  await Promise.all([
    context.http.get("/api/v1/campaigns"),
    context.http.get(`/api/v1/campaigns/${campaign}`),
    context.http.get("/api/v1/nothing"),
    context.http.call("POST", "/api/v1/webhooks/stripe", { json: {}, headers: { "Stripe-Signature": "t=1,v1=00" } }),
    context.login("owner"),
  ]);
  for (const answer of made.slice(0, 5)) await pledgeIs(context.sql, answer.body.id, "confirmed");
}

beforeAll(async () => {
  const jobs = await context.sql.rows<{ is_ok: boolean }>("SELECT r.is_ok FROM careforall.jobs() j, careforall.job_run(j.job) r");
  expect(jobs.filter((job) => !job.is_ok)).toEqual([]);
  prometheus = await startPrometheus(context.stack);
  await load();
  await until("two scrapes of the load", async () =>
    (await prometheus.query('sum(increase(careforall_pledge_requests_total{outcome="created"}[1m])) > 20')).length > 0);
  await load();
});

afterAll(async () => {
  await context.stack.stop(["prometheus"]);
});

test("configuration, rules and cases are what promtool wants", () => {
  promtool("check", "config", "prometheus.yml");
  promtool("check", "rules", "rules/alerts.yml", "rules/recording.yml");
  promtool("test", "rules", "tests/alerts.yml", "tests/recording.yml");
});

describe("each alert", () => {
  const { tests } = parse(readFileSync(path.join(folder, "tests/alerts.yml"), "utf8")) as { tests: Case[] };
  const runbooks = readFileSync(path.join(root, "docs/howto/runbooks.md"), "utf8").split(/\n(?=##)/);
  const anchor = (heading: string): string =>
    heading.replace(/^#+ /, "").toLowerCase().replaceAll(/[^a-z0-9 -]/g, "").replaceAll(" ", "-");

  test.each(alerts)("$alert has cases, a severity and a runbook", ({ alert = "", labels, annotations }) => {
    const cases = tests.flatMap((one) => one.promql_expr_test).filter((one) => one.expr.includes(`alertname="${alert}"`));
    expect(cases.map((one) => one.exp_samples.length).sort()).toEqual([0, 1]);
    expect(["page", "ticket"]).toContain(labels?.severity);
    const [file, section] = annotations?.runbook.split("#") ?? [];
    expect(file).toBe("docs/howto/runbooks.md");
    const text = runbooks.find((one) => anchor(one.split("\n")[0] ?? "") === section);
    expect(text, `no section ${section ?? ""}`).toBeDefined();
    expect(text).toContain(`\`${alert}\``);
  });
});

describe("a Prometheus that scrapes this stack", () => {
  test("has what every alert asks for", async () => {
    const missing: string[] = [];
    for (const { alert = "", expr } of alerts) {
      await prometheus.query(expr);
      for (const selector of selectors(expr).filter((one) => !elsewhere.test(one))) {
        if ((await prometheus.query(selector)).length === 0) missing.push(`${alert}: ${selector}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("records every rule", async () => {
    for (const { record = "", expr } of recorded) {
      expect((await prometheus.query(expr)).length, record).toBeGreaterThan(0);
      await until(`${record} to be recorded`, async () => (await prometheus.query(record)).some(({ value }) => value[1] !== "NaN"));
    }
  });
});

describe("dashboards", () => {
  const place = path.join(root, "ops/grafana");
  const boards = readdirSync(path.join(place, "dashboards")).map(
    (file) => [file, JSON.parse(readFileSync(path.join(place, "dashboards", file), "utf8")) as Board] as const,
  );
  const { datasources } = parse(readFileSync(path.join(place, "provisioning/datasources/datasources.yml"), "utf8")) as {
    datasources: { uid: string; type: string }[];
  };

  test("are those of the four subjects, each with an id of its own", () => {
    expect(boards.map(([, board]) => board.uid).sort()).toEqual(
      ["careforall-database", "careforall-events", "careforall-money", "careforall-overview"],
    );
  });

  test.each(boards)("%s is laid out without holes or overlaps, and has known data", (_, board) => {
    expect(board.editable).toBe(false);
    expect(new Set(board.panels.map((panel) => panel.id)).size).toBe(board.panels.length);
    const taken = new Set<string>();
    for (const { type, title, gridPos, datasource, targets = [], links = [] } of board.panels) {
      expect(title).not.toBe("");
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), `${title} lies on another`).toBe(false);
          taken.add(`${x} ${y}`);
        }
      if (type === "row") continue;
      expect(datasources).toContainEqual(expect.objectContaining({ uid: datasource?.uid, type: datasource?.type }));
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map((target) => target.refId)).size).toBe(targets.length);
      // What begins with a variable must be one that the board has.
      for (const link of links) {
        const variable = /^\$\{(\w+)\}/.exec(link.url)?.[1];
        expect(board.templating.list.map((one) => one.name)).toContain(variable);
      }
    }
  });

  test.each(boards)("%s shows data in every panel", async (_, board) => {
    const empty = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const { title, targets = [] } of board.panels) {
        for (const { expr } of targets) {
          const asked = expr.replaceAll("$__rate_interval", "1m");
          if (!(await prometheus.query(asked)).some(({ value }) => value[1] !== "NaN")) found.push(`${title}: ${asked}`);
        }
      }
      return found;
    };
    // What has just happened is scraped later, and what was a minute ago counts no more.
    let left = await empty();
    await until("data in every panel", async () => {
      if (left.length > 0) await load();
      left = await empty();
      return left.length === 0;
    }).catch(() => undefined);
    expect(left).toEqual([]);
  });
});

test("a slow bucket leads to the trace of a request that is in it", async () => {
  const trace = randomUUID().replaceAll("-", "");
  await context.http.get("/api/v1/fees", { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
  const name = 'careforall_http_request_duration_seconds_bucket{route="/api/v1/fees"}';
  await until("the exemplar to be stored", async () => {
    const found = await prometheus.get<{ exemplars: { labels: { trace_id: string } }[] }[]>("query_exemplars", {
      query: name, start: String(Date.now() / 1000 - 600), end: String(Date.now() / 1000 + 60),
    });
    return found.some((series) => series.exemplars.some((one) => one.labels.trace_id === trace));
  });
});

test("certificates and backups are told to node_exporter", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "careforall-textfile-"));
  const at = (name: string): string => path.join(dir, name);
  const made = spawnSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
    "-subj", "/CN=test", "-days", "30", "-keyout", at("key"), "-out", at("certificate")]);
  expect(made.status).toBe(0);
  writeFileSync(at("backup"), "x");
  const run = (...words: string[]): string => {
    const { status, stderr } = spawnSync(path.join(folder, "textfile.sh"), [at("out.prom"), ...words], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return readFileSync(at("out.prom"), "utf8");
  };
  const text = run("--certificate", `web=${at("certificate")}`, "--certificate", `gone=${at("nothing")}`, "--backup", dir);
  expect(spawnSync("promtool", ["check", "metrics"], { input: text }).status).toBe(0);
  const value = (name: string): number => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
  expect(value("careforall_certificate_end_timestamp_seconds") - Date.now() / 1000).toBeGreaterThan(29 * 86_400);
  expect(Math.abs(value("careforall_backup_timestamp_seconds") - Date.now() / 1000)).toBeLessThan(600);
  expect(text).not.toContain("gone");
  expect(run("--backup", at("nothing"))).toBe("");
  rmSync(dir, { recursive: true });
});
