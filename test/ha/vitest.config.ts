// SPDX-License-Identifier: Apache-2.0
// Many hosts on one machine: started by ha/run.sh, inside its namespaces.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["ha/*.ha.ts"],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 300_000,
    reporters: ["verbose"],
  },
});
