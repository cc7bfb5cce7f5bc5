// SPDX-License-Identifier: Apache-2.0
// Goal: what can be seen is documented and well formed. Method: each process of the
// running stack is scraped; promtool judges the text where it is installed.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { root } from "../lib/stack.ts";

const context = useStack();
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

describe.each(["API_ADMIN", "RELAY", "PROJECTOR", "PAYMENTS"] as const)("%s", (process) => {
  const read = async (): Promise<string> => (await fetch(`${context.stack.url(process)}/metrics`)).text();

  test("every metric is in docs/metrics.md", async () => {
    const documented = await readFile(path.join(root, "docs/metrics.md"), "utf8");
    const names = [...(await read()).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
  });

  test.skipIf(!hasPromtool)("the text is what Prometheus expects", async () => {
    const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input: await read(), encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("health answers 200 and says nothing secret", async () => {
    const page = process === "API_ADMIN" ? "/healthz" : "/livez";
    for (const where of [page, "/readyz"]) {
      const answer = await fetch(context.stack.url(process) + where);
      expect(answer.status).toBe(200);
      expect(await answer.text()).not.toMatch(/password|dsn|secret/i);
    }
  });
});

test("no secret of the stack is in any log", async () => {
  const secrets = [...context.stack.settings].filter(([name]) => /PASSWORD|KEY|SECRET/.test(name));
  expect(secrets.length).toBeGreaterThan(10);
  for (const part of ["pg", "redis", "nats", "mockpay", "api", "relay", "projector", "payments", "gateway"] as const) {
    const log = await context.stack.log(part);
    expect(secrets.filter(([, value]) => log.includes(value)).map(([name]) => `${part}: ${name}`)).toEqual([]);
    expect(log, `${part} logs an e-mail address of a donor`).not.toContain("ada@example.org");
  }
});

test("no secret is an argument of a process", () => {
  const { stdout } = spawnSync("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"], { encoding: "utf8" });
  const secrets = [...context.stack.settings].filter(([name]) => /PASSWORD|KEY|SECRET/.test(name));
  expect(secrets.filter(([, value]) => stdout.includes(value)).map(([name]) => name)).toEqual([]);
});
