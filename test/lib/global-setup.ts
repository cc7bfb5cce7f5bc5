// SPDX-License-Identifier: Apache-2.0
// Starts the one stack of a test run on fresh data, and stops it afterwards; the
// folder with the logs stays until the next run.
//
// CAREFORALL_TEST_DIR   its folder (.run-test in the source tree)
// CAREFORALL_TEST_KEEP  1: use the stack in that folder as it runs, leave it running
import { rm } from "node:fs/promises";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { Stack, allParts, freePortBase, root } from "./stack.ts";

declare module "vitest" {
  export interface ProvidedContext {
    stackDir: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = process.env.CAREFORALL_TEST_DIR ?? path.join(root, ".run-test");
  const keep = process.env.CAREFORALL_TEST_KEEP === "1";
  const stack = new Stack(dir);
  project.provide("stackDir", dir);
  if (!keep) {
    await stack.reset();
    await rm(path.join(dir, "careforall.env"), { force: true });
    await rm(path.join(dir, "told.secrets"), { force: true });
  }
  const base = await freePortBase();
  await stack.start(["redis"], "--port-base", String(base));
  if (!keep) {
    await stack.configure({
      CAREFORALL_LIVE_PING: "2s",
      CAREFORALL_MOCKPAY_LATENCY_MS: 20,
      CAREFORALL_PAYMENTS_RECONCILE_AFTER: "5s",
      CAREFORALL_PAYMENTS_RECONCILE_EVERY: "2s",
      // Only requests that ask for it are traced; tracing.test.ts is the collector.
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${base + 15}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: 3000,
      OTEL_TRACES_SAMPLER: "parentbased_always_off",
      OTEL_BSP_SCHEDULE_DELAY: 50,
      OTEL_BSP_EXPORT_TIMEOUT: 3000,
      OTEL_BSP_MAX_QUEUE_SIZE: 128,
      // All tests come from here; those of limits say that they are somebody else.
      CAREFORALL_RATE_EXEMPT: "127.0.0.1,::1",
      CAREFORALL_TRACE_URL: "https://traces.example.org/trace/{trace_id}",
    });
  }
  await stack.start();
  process.env.CAREFORALL_E2E_URL ??= stack.url("GATEWAY");
  return async () => {
    if (!keep) await stack.stop([...allParts, "prometheus"]);
  };
}
