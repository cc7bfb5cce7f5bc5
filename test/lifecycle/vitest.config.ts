// SPDX-License-Identifier: Apache-2.0
// What ops/test/lifecycle.sh asks of a stack after each of its steps.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["lifecycle/*.check.ts"], testTimeout: 120_000, hookTimeout: 60_000, reporters: ["dot"] },
});
