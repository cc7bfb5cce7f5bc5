// SPDX-License-Identifier: Apache-2.0
// The whole stack under fire: chaos/*.chaos.ts, each with a stack of its own.
// CHAOS_SEED chooses what is drawn, CHAOS_SECONDS how long the drawn schedule lasts,
// CHAOS_PORT_BASE the ports.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["chaos/**/*.chaos.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ["verbose"],
  },
});
