// SPDX-License-Identifier: Apache-2.0
// What it costs to be seen: the same requests with none of them traced, with 1 % of them
// traced and every process scraped meanwhile, and with all of them traced and the same.
// The client decides by its flag, so nothing is restarted between short slices that
// run in turns, each round in another order; a ratio is taken within its round and the
// median of them counts, so that a machine that others use as well troubles it least.
// Processor time is that of all parts of the stack, senders of spans included. The
// collector takes the bodies and forgets them.
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pledgeBody } from "../lib/http.ts";
import { exporters, scrape, sum } from "../lib/metrics.ts";
import type { Stack } from "../lib/stack.ts";
import { begin, middle, parts, settled, type Setting } from "./http.ts";
import { measure, type Measured } from "./load.ts";

/** One request of so many is traced; 0: none is. */
const variants = { none: 0, "1 %": 100, "100 %": 1 } as const;
type Variant = keyof typeof variants;
const names = Object.keys(variants) as Variant[];
const slices = 4; // of a round's time

class Sink {
  requests = 0;
  bytes = 0;
  private readonly server: Server = createServer((request, response) => {
    this.requests++;
    request.on("data", (chunk: Buffer) => (this.bytes += chunk.length));
    request.on("end", () => response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end());
  });

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** A script that makes requests of which one in `every` has the flag. */
async function script(stack: Stack, name: string, every: number, request: string, head = ""): Promise<string> {
  const file = path.join(stack.dir, `trace-${name}-${every}.lua`);
  await writeFile(
    file,
    `${head}
local prefix = "00-${randomBytes(8).toString("hex")}"
local salt = tonumber(tostring({}):sub(-7), 16) + os.time() * 1000
local n = 0
request = function()
  n = n + 1
  local flag = (${every} > 0 and n % ${Math.max(every, 1)} == 0) and "01" or "00"
  local trace = prefix .. string.format("%016x", salt * 1000000 + n) .. "-00f067aa0ba902b7-" .. flag
  ${request}
end
`,
  );
  return file;
}

async function scripts({ stack, campaigns, hot }: Setting): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  const pledges = `local campaigns = {${campaigns.map((id) => `"${id}"`).join(",")}}
local body = '${JSON.stringify(pledgeBody())}'`;
  for (const name of names) {
    const every = variants[name];
    made.set(`GET campaign ${name}`, await script(stack, "get", every, `return wrk.format("GET", "/api/v1/campaigns/${hot}", { traceparent = trace })`));
    made.set(
      `POST pledge ${name}`,
      await script(stack, "post", every,
        `return wrk.format("POST", "/api/v1/campaigns/" .. campaigns[n % #campaigns + 1] .. "/pledges",
    { ["Content-Type"] = "application/json", ["Idempotency-Key"] = "t" .. salt .. "-" .. n, traceparent = trace }, body)`, pledges),
    );
  }
  return made;
}

/** What Prometheus does to every process, here once in each round; it takes its time between two. */
async function scrapeAll(stack: Stack): Promise<void> {
  await Promise.all(exporters.filter((one) => one !== "PAYMENTS" && one !== "MOCKPAY").map((one) => scrape(stack, one)));
}

const cpu = (one: Measured): number => parts.reduce((total, part) => total + (one.cpu.get(part) ?? 0), 0);

export async function benchTrace(stack: Stack, seconds: number, rounds: number): Promise<void> {
  const sink = new Sink();
  const port = await sink.listen();
  const setting = await begin(stack, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  const files = await scripts(setting);
  const loads = ["GET campaign", "POST pledge"];
  const figures = new Map<string, Measured[]>();
  let [exported, lost] = [0, 0];
  try {
    for (let slice = 0; slice < rounds * slices; slice++) {
      for (const load of loads) {
        for (let turn = 0; turn < names.length; turn++) {
          const name = names[(turn + slice) % names.length] as Variant;
          const key = `${load} ${name}`;
          const [one] = await Promise.all([
            measure(stack, { path: "/", script: files.get(key) ?? "", seconds: seconds / slices }),
            name !== "none" && slice % slices === 0 ? scrapeAll(stack) : undefined,
          ]);
          figures.set(key, [...(figures.get(key) ?? []), one]);
          await settled(setting);
        }
      }
    }
    const samples = await scrape(stack, "API_ADMIN");
    exported = sum(samples, /^careforall_trace_spans_total\{outcome="exported"\}/);
    lost = sum(samples, /^careforall_trace_spans_total\{outcome="(failed|dropped)"\}/);
  } finally {
    await setting.sql.close();
    await stack.stop();
    sink.close();
  }
  console.log(
    `\nTraces and scrapes: ${rounds * slices} slices of ${seconds / slices} s, 64 connections; ratios to none, medians over the rounds` +
      `\n  ${"".padEnd(28)}    req/s   ratio   CPU s per 1000   ratio`,
  );
  for (const load of loads) {
    const none = figures.get(`${load} none`) ?? [];
    for (const name of names) {
      const all = figures.get(`${load} ${name}`) ?? [];
      const ratios = (of: (one: Measured) => number): number[] => all.map((one, round) => of(one) / of(none[round] as Measured));
      console.log(
        `  ${`${load}, ${name} traced`.padEnd(28)}${Math.round(middle(all.map((one) => one.rate))).toLocaleString("en").padStart(9)}${middle(ratios((one) => one.rate)).toFixed(3).padStart(8)}` +
          `${middle(all.map(cpu)).toFixed(4).padStart(17)}${middle(ratios(cpu)).toFixed(3).padStart(8)}`,
      );
    }
  }
  console.log(`  spans of the API: ${exported.toLocaleString("en")} exported, ${lost.toLocaleString("en")} lost; ${sink.requests} requests and ${(sink.bytes / 1048576).toFixed(1)} MiB at the collector`);
}
