// SPDX-License-Identifier: Apache-2.0
// make lighthouse: Lighthouse on the landing page and on a campaign page, as a phone on
// slow 4G sees them, over TLS and HTTP/2. Accessibility, best practices and SEO must be
// 100 in every run. Performance must reach 95 in one of a few runs: other work on the
// machine only ever takes away from it. Lighthouse slows the processor four times, which
// makes a phone of a machine whose benchmark index is about 1,700; a slower or busier
// one is slowed by that much less.
//
// CAREFORALL_E2E_URL     look at this site, with the demo data, instead of a stack of its own
// LIGHTHOUSE_RUNS        most runs of each page (5)
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { freePortBase, root, Stack } from "../lib/stack.ts";

const run = promisify(execFile);
const PAGES = ["/", "/campaigns/lifeboat-engine"];
const RUNS_MAX = Number(process.env.LIGHTHOUSE_RUNS ?? 5);
const LEAST = { performance: 95, accessibility: 100, "best-practices": 100, seo: 100 };
const INDEX_PER_SLOWDOWN = 430;
const SLOWDOWN_MAX = 4;
const FLAGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --ignore-certificate-errors";

type Category = keyof typeof LEAST;

interface Report {
  categories: Record<Category, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { score: number | null; title: string; displayValue?: string }>;
  environment: { benchmarkIndex: number };
}

async function look(url: string, slowdown: number, retries = 2): Promise<Report> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "careforall-lighthouse-"));
  const file = path.join(dir, "report.json");
  try {
    await run(
      path.join(import.meta.dirname, "node_modules/.bin/lighthouse"),
      [url, "--quiet", "--output", "json", "--output-path", file, "--no-enable-error-reporting",
        `--throttling.cpuSlowdownMultiplier=${slowdown.toFixed(2)}`, `--chrome-flags=${FLAGS}`],
      { env: { ...process.env, CHROME_PATH: process.env.CAREFORALL_CHROMIUM ?? "/usr/bin/chromium" }, timeout: 180_000 },
    );
    return JSON.parse(await readFile(file, "utf8")) as Report;
  } catch (error) {
    // Chromium's trace lacks its beginning at times; Lighthouse says that one should look again.
    if (retries === 0 || !String((error as { stderr?: string }).stderr).includes("NO_NAVSTART")) throw error;
    return await look(url, slowdown, retries - 1);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const points = (report: Report, category: Category): number => Math.round((report.categories[category].score ?? 0) * 100);

function* failures(report: Report, category: Category): Generator<string> {
  for (const { id, weight } of report.categories[category].auditRefs) {
    const audit = report.audits[id];
    if (weight > 0 && audit !== undefined && audit.score !== null && audit.score < 0.9) {
      yield `    ${category}: ${audit.title} ${audit.displayValue ?? ""}`;
    }
  }
}

/** Looks until the page is good enough, or often enough; gives what is missing. */
async function judge(url: string): Promise<string[]> {
  const missing = new Set<string>();
  let slowdown = SLOWDOWN_MAX;
  let best = 0;
  for (let i = 1; i <= RUNS_MAX; i++) {
    const report = await look(url, slowdown);
    const found = (Object.keys(LEAST) as Category[]).map((category) => [category, points(report, category)] as const);
    const metrics = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
    console.log(
      `${new URL(url).pathname}  run ${i}, slowed ${slowdown.toFixed(1)} times (index ${report.environment.benchmarkIndex.toFixed(0)}): ` +
        `${found.map(([category, value]) => `${category} ${value}`).join(", ")}; ` +
        metrics.map((name) => `${report.audits[name]?.title ?? name} ${report.audits[name]?.displayValue ?? "?"}`).join(", "),
    );
    for (const [category, value] of found) {
      if (value < LEAST[category]) for (const line of failures(report, category)) console.log(line);
      if (category !== "performance" && value < LEAST[category]) missing.add(`${url}: ${category} ${value}`);
    }
    best = Math.max(best, points(report, "performance"));
    if (best >= LEAST.performance) break;
    slowdown = Math.min(SLOWDOWN_MAX, Math.max(1, report.environment.benchmarkIndex / INDEX_PER_SLOWDOWN));
  }
  if (best < LEAST.performance) missing.add(`${url}: performance ${best} of ${LEAST.performance}`);
  return [...missing];
}

async function withSite(work: (base: string) => Promise<string[]>): Promise<string[]> {
  if (process.env.CAREFORALL_E2E_URL !== undefined) return work(process.env.CAREFORALL_E2E_URL);
  const stack = new Stack(path.join(root, ".run-lighthouse"));
  await stack.reset();
  await rm(path.join(stack.dir, "careforall.env"), { force: true });
  await stack.start(["redis"], "--port-base", String(await freePortBase()));
  await stack.configure({ STACK_TLS_CERTIFICATE: "self-signed" });
  try {
    await stack.start(undefined, "--seed");
    return await work(`https://127.0.0.1:${stack.port("GATEWAY_TLS")}`);
  } finally {
    await stack.stop();
  }
}

const missing = await withSite(async (base) => {
  const all: string[] = [];
  for (const page of PAGES) all.push(...(await judge(base + page)));
  return all;
});
if (missing.length > 0) {
  console.error(`lighthouse: too low\n${missing.join("\n")}`);
  process.exitCode = 1;
} else {
  console.log("lighthouse: all pages are good enough");
}
