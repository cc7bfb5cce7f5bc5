// SPDX-License-Identifier: Apache-2.0
// One stack for the whole run; files run one after the other, those that look at
// what the others left last.
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { defineConfig } from "vitest/config";

const last = ["docs.test.ts", "event-contract.test.ts", "contract.test.ts", "logs.test.ts"];

function rank(file: string): number {
  return last.findIndex((part) => file.includes(part)) + 1;
}

class Order extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(
      [...files].sort(
        (a, b) =>
          rank(a.moduleId) - rank(b.moduleId) ||
          a.moduleId.localeCompare(b.moduleId),
      ),
    );
  }
}

export default defineConfig({
  test: {
    include: ["system/**/*.test.ts", "faults/**/*.test.ts", "e2e/**/*.test.ts"],
    globalSetup: ["lib/global-setup.ts"],
    fileParallelism: false,
    // What the files share is read once, not once for each.
    isolate: false,
    sequence: { sequencer: Order },
    // Waiting has its own bounds (lib/until.ts); a test that is given up here goes on beside the next.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: ["default"],
  },
});
