// SPDX-License-Identifier: Apache-2.0
// Runs the relay's cases one after the other on one stack; what they are stands on
// top of each cases_*.ts.
//
// usage: vite-node chaos/relay_cases.ts [--long] [NAME...]     CHAOS_PORT_BASE
// Those that take minutes do nothing without --long.
import { rm } from "node:fs/promises";
import path from "node:path";
import { freePortBase } from "../lib/stack.ts";
import { brokerCases } from "./cases_broker.ts";
import { contractCases } from "./cases_contract.ts";
import { leaderCases } from "./cases_leader.ts";
import { longCases } from "./cases_long.ts";
import { poolerCases } from "./cases_pooler.ts";
import { rareCases } from "./cases_rare.ts";
import { readerCases } from "./cases_readers.ts";
import { replayCasesAll } from "./cases_replay.ts";
import { standbyCases } from "./cases_standby.ts";
import { ready, sql, stack, stream, type Cases } from "./kit.ts";

async function main(): Promise<void> {
  const isLong = process.argv.includes("--long");
  const named = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const cases: Cases = { ...rareCases, ...leaderCases, ...contractCases, ...brokerCases, ...replayCasesAll, ...readerCases, ...poolerCases, ...longCases, ...standbyCases };
  await stack.reset();
  // Settings that a case of an earlier run has changed.
  await rm(path.join(stack.dir, "careforall.env"), { force: true });
  const base = Number(process.env.CHAOS_PORT_BASE ?? 0) || (await freePortBase());
  await stack.start(["pg", "nats", "relay"], "--port-base", String(base));
  let failed = 0;
  for (const [name, run] of Object.entries(cases)) {
    if (named.length > 0 && !named.includes(name)) continue;
    const begun = performance.now();
    try {
      await run(isLong);
      if (name !== Object.keys(standbyCases)[0]) await ready();
      console.log(`ok      ${name} ${Math.round(performance.now() - begun)} ms`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  await stream.close();
  await sql.close();
  if (failed === 0) await stack.reset();
  else await stack.stop();
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
