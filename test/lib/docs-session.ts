// SPDX-License-Identifier: Apache-2.0
// A reader at work: one shell, and a psql in it, that are given the blocks of a page.
//
// A block "sh" goes to the shell. "sh psql" is the command that opens the psql to which
// the blocks "sql" go, until one of them ends with \q.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Block } from "./docs.ts";
import { until } from "./until.ts";

const mark = "documented-block-ended";
const failure = "documented-command-failed:";
// In each block, because inner shells know nothing of it.
const strict = `set -E -o pipefail; trap 'echo "${failure} $BASH_COMMAND"' ERR`;

/** What a process has printed to a file, in pieces. */
class Printed {
  private read = 0;

  constructor(readonly file: string) {
    writeFileSync(file, "", { mode: 0o666 });
  }

  /** What has come since the last mark, up to the next one. */
  piece(): { text: string } | null {
    const whole = readFileSync(this.file, "utf8");
    const end = whole.indexOf(`${mark}\n`, this.read);
    if (end < 0) return null;
    const text = whole.slice(this.read, end);
    this.read = end + mark.length + 1;
    return { text };
  }

  get rest(): string {
    return readFileSync(this.file, "utf8").slice(this.read);
  }
}

export class Session {
  private readonly shell: ChildProcess;
  private readonly printed: Record<"shell" | "psql", Printed>;

  /** A shell in a folder, which also keeps what is printed. */
  constructor(private readonly folder: string, environment: Record<string, string> = {}) {
    this.printed = { shell: new Printed(path.join(folder, "shell.out")), psql: new Printed(path.join(folder, "psql.out")) };
    const out = openSync(this.printed.shell.file, "a");
    this.shell = spawn("bash", ["--norc"], {
      cwd: folder,
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ["pipe", out, out],
    });
  }

  /** What the block shows; throws when a command of it fails. */
  async run(block: Block): Promise<string> {
    try {
      return await this.give(block);
    } catch (error) {
      const printed = `${this.printed.shell.rest}${this.printed.psql.rest}`;
      throw new Error(`the block at line ${block.line}: ${String(error)}\n${printed}`, { cause: error });
    }
  }

  private async give(block: Block): Promise<string> {
    if (block.meta === "psql") return this.type(this.opening(block.text), "shell");
    if (block.language === "sql") return this.query(block.text);
    return this.type(`${strict}\n${block.text}`, "shell");
  }

  private opening(command: string): string {
    const pipe = path.join(this.folder, "psql.in");
    return `rm -f ${pipe} && mkfifo ${pipe}\n${command} <${pipe} >>${this.printed.psql.file} 2>&1 & exec 7>${pipe}`;
  }

  private async query(text: string): Promise<string> {
    const statements = text.replace(/^\\q$/m, "");
    this.write(`cat >&7 <<'END_OF_STATEMENTS'\n${statements}\n\\echo ${mark}\nEND_OF_STATEMENTS`);
    const piece = await this.piece("psql");
    if (statements !== text) await this.type("exec 7>&-; wait $!", "shell");
    return piece;
  }

  private async type(text: string, where: "shell" | "psql"): Promise<string> {
    this.write(`${text}\necho ${mark}`);
    return this.piece(where);
  }

  private write(text: string): void {
    this.shell.stdin?.write(`${text}\n`);
  }

  private async piece(where: "shell" | "psql"): Promise<string> {
    const { text } = await until("its end", () => this.printed[where].piece(), 90_000);
    if (text.includes(failure)) throw new Error(text);
    return text;
  }

  /** Ends the shell, and whatever it is at. */
  async end(): Promise<void> {
    const { pid } = this.shell;
    if (pid === undefined || this.shell.exitCode !== null) return;
    const ended = once(this.shell, "exit");
    this.shell.stdin?.end();
    process.kill(-pid, "SIGTERM");
    await ended;
  }
}
