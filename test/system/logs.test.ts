// SPDX-License-Identifier: Apache-2.0
// Goal: logs are lines that a machine reads, go on in a new file when they are moved
// away, and say nothing that is somebody's. Method: runs last; every log of the run is
// read, and searched for all that the tests told and were told (test/lib/secrets.ts).
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { toldSecrets } from "../lib/secrets.ts";
import { root } from "../lib/stack.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const ours = ["api", "mockpay", "relay", "projector", "payments"] as const;

/** Every log of the stack by name, with nginx's own access log. */
function logs(): Map<string, string> {
  const folder = path.join(context.stack.dir, "log");
  const found = readdirSync(folder).map((name) => [name, path.join(folder, name)] as const);
  return new Map([...found, ["access.log", path.join(context.stack.dir, "nginx/access.log")] as const]
    .map(([name, where]) => [name, readFileSync(where, "utf8")]));
}

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

beforeAll(async () => {
  // So that there is something to find also when this file runs alone.
  const campaign = await makeCampaign(context.sql);
  const donor = { name: "Wilhelmina Testperson", email: `wilhelmina-${process.pid}@secret-donor.example` };
  const given = await context.http.pledge(campaign, pledgeBody(1000, { donor, message: "for the blue elephants of Osnabrück" }));
  await pledgeIs(context.sql, given.body.id, "confirmed");
  const password = `Correct-horse-${process.pid}-battery`;
  const person = { email: `josefine-${Date.now()}@secret-donor.example`, name: "Josefine Testperson" };
  expect((await context.http.call("POST", "/api/v1/auth/register", { json: { ...person, password } })).status).toBe(201);
  await context.http.call("POST", "/api/v1/auth/login", { json: { email: person.email, password: `${password}-wrong` } });
  // Refused for each reason that could be tempted to repeat what it was given.
  await context.http.pledge(campaign, pledgeBody(1000, { donor: { ...donor, email: "no-address-of-josefine-testperson" } }));
  await context.http.pledge(campaign, pledgeBody(1000, { donor, unknown_member: "x" }));
  await context.http.get(`/api/v1/pledges/${given.body.id}?token=${given.body.token}`);
  await context.http.get(`/api/v1/nothing?email=${donor.email}`, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  await fetch(`${context.stack.url("GATEWAY")}/api/v1/nothing?email=${donor.email}`, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  await until("the gateway to have written", () => logs().get("access.log")?.includes(traceId));
});

describe("lines", () => {
  test.each(ours)("of %s are JSON with steady keys", (name) => {
    const lines = (logs().get(`${name}.log`) ?? "").split("\n").filter((line) => line !== "");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const entry = JSON.parse(line) as Record<string, unknown>;
      expect(entry, line).toMatchObject({
        ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        level: expect.stringMatching(/^(debug|info|warn|error)$/) as string,
        service: expect.stringMatching(new RegExp(`^(careforall-${name}|keeper)$`)) as string,
        pid: expect.any(Number) as number,
        event: expect.stringMatching(/^[a-z][a-z0-9_]*$/) as string,
      });
    }
  });

  test("of requests have the trace, at the API and at the gateway", () => {
    for (const name of ["api.log", "access.log"]) {
      const lines = (logs().get(name) ?? "").split("\n").filter((line) => line.includes(`"trace_id":"${traceId}"`));
      expect(lines.length, name).toBeGreaterThan(0);
      expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ event: "http_request", method: "GET", status: 404, level: "info" });
    }
  });
});

test("no log has what the tests told, or a secret of the stack", async () => {
  const told = toldSecrets(context.stack.dir);
  for (const kind of ["email", "name", "message", "password", "token", "cookie", "access_token"]) {
    expect(told.filter((one) => one.kind === kind).length, `nothing was told of kind ${kind}`).toBeGreaterThan(0);
  }
  const own = [...context.stack.settings]
    .filter(([name, value]) => /PASSWORD|KEY|SECRET|PEPPER/.test(name) && value.length >= 8)
    .map(([name, value]) => ({ kind: name, value, hash: name }));
  const all = new Map([...told, ...own].filter(({ value }) => !value.includes("\n")).map((one) => [one.value, one]));
  const found: string[] = [];
  for (const [name, text] of logs()) {
    for (const value of await valuesIn(text, [...all.keys()])) {
      const at = text.indexOf(value);
      const { kind, hash } = all.get(value) ?? { kind: "part of a secret", hash: "" };
      found.push(`${name}: ${kind} ${hash} in ${text.slice(Math.max(0, at - 80), at).split("\n").at(-1) ?? ""}...`);
    }
  }
  expect(found).toEqual([]);
});

/** Which of many values stand in a text: grep looks for tens of thousands at once. */
async function valuesIn(text: string, values: string[]): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "careforall-logs-"));
  try {
    writeFileSync(path.join(folder, "values"), values.join("\n"), { mode: 0o600 });
    writeFileSync(path.join(folder, "text"), text, { mode: 0o600 });
    const grep = spawn("grep", ["-aoFf", path.join(folder, "values"), path.join(folder, "text")], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    grep.stdout.setEncoding("utf8").on("data", (piece: string) => (output += piece));
    const status = await new Promise<number | null>((done) => grep.once("close", done));
    expect(status, "grep: 0 found, 1 found nothing").toBeLessThanOrEqual(1);
    return [...new Set(output.split("\n").filter((line) => line !== ""))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a log that was moved away goes on in a new file", async () => {
  const at = (name: string): string => path.join(context.stack.dir, "log", name);
  for (const name of ours) renameSync(at(`${name}.log`), at(`${name}.log.moved`));
  execFileSync(path.join(root, "ops/run/stack.sh"), ["reopen", "--dir", context.stack.dir]);
  for (const name of ours) {
    await until(`${name} to write to a new file`, () => readFileSync(at(`${name}.log`), "utf8").includes('"event":"reloaded"'));
  }
  await until("each worker to have done so", () =>
    new Set([...readFileSync(at("api.log"), "utf8").matchAll(/"pid":(\d+),"event":"reloaded"/g)].map((match) => match[1])).size > 2);
  const size = readFileSync(at("api.log.moved")).length;
  const id = `after-reopening-${process.pid}`;
  await context.http.get("/api/v1/fees", { "X-Request-Id": id });
  await until("the request to be logged", () => readFileSync(at("api.log"), "utf8").includes(id));
  expect(readFileSync(at("api.log.moved")).length).toBe(size);
});
