// SPDX-License-Identifier: Apache-2.0
// Goal: what goes wrong at the start is said in one line that tells what to do.
// Method: small stacks of Redis alone, in folders of their own, broken in each way.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePortBase, root } from "../lib/stack.ts";
import { until } from "../lib/until.ts";

let dir = "";
let base = 0;
let server: Server | undefined;

beforeEach(async () => {
  dir = mkdtempSync(path.join(root, ".run-stack-"));
  rmSync(dir, { recursive: true });
  base = await freePortBase();
});

afterEach(() => {
  stack("stop");
  server?.close();
  server = undefined;
  rmSync(dir, { recursive: true, force: true });
});

function stack(command: string, ...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    path.join(root, "ops/run/stack.sh"),
    [command, "--dir", dir, ...args],
    { encoding: "utf8" },
  );
  return { status, out: stdout, err: stderr };
}

const start = (...args: string[]): ReturnType<typeof stack> =>
  stack("start", "--only", "redis", "--port-base", String(base), ...args);

const settings = (): string => path.join(dir, "careforall.env");

describe("the stack script", () => {
  test("starts, shows, and stops; a second start finds it running", () => {
    expect(start().status).toBe(0);
    expect(start().out).toContain("is running");
    expect(stack("status").out).toMatch(/redis +running +pid \d+/);
    expect(stack("status").status).toBe(3); // the other parts are stopped
    expect(stack("status", "--only", "redis").status).toBe(0);
    expect(stack("stop").out).toContain("redis stopped");
  });

  test("whoever ends the process that follows the logs ends all of it", async () => {
    start();
    const logs = spawn(path.join(root, "ops/run/stack.sh"), ["logs", "--dir", dir], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
    let shown = "";
    let isClosed = false;
    logs.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString()));
    logs.once("close", () => (isClosed = true));
    try {
      // It may not look yet when the first line is written.
      await until("a line of the log", () => {
        writeFileSync(path.join(dir, "log/redis.log"), "a line\n", { flag: "a" });
        return shown.includes("redis      a line\n");
      });
      logs.kill("SIGTERM");
      await until("its output to be closed", () => isClosed);
    } finally {
      // Nothing is left of the group unless this has failed.
      spawnSync("kill", ["-KILL", "--", `-${logs.pid ?? 0}`]);
    }
  });

  test("secrets are random and readable by the owner alone", () => {
    start();
    expect(statSync(settings()).mode & 0o777).toBe(0o600);
    const first = readFileSync(settings(), "utf8");
    stack("reset");
    expect(readFileSync(settings(), "utf8")).toBe(first);
    rmSync(settings());
    start();
    expect(readFileSync(settings(), "utf8")).not.toBe(first);
  });

  test("a port in use is named with the setting that moves it", async () => {
    server = createServer();
    await new Promise<void>((done) => server?.listen(base + 5, "127.0.0.1", done));
    const { status, err } = start();
    expect(status).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toMatch(new RegExp(`port ${base + 5} is in use.*STACK_PORT_REDIS`));
  });

  test("a line that is no setting is refused with its number", () => {
    start();
    stack("stop");
    writeFileSync(settings(), "STACK_PORT_GATEWAY=1\nnot a setting\n");
    const { status, err } = start();
    expect(status).toBe(1);
    expect(err).toMatch(/careforall\.env line 2 is not NAME=value/);
  });

  test("a port that is none is refused", () => {
    start();
    stack("stop");
    writeFileSync(settings(), readFileSync(settings(), "utf8").replace(/^STACK_PORT_REDIS=.*/m, "STACK_PORT_REDIS=high"));
    expect(start().err).toMatch(/STACK_PORT_REDIS must be a port number/);
  });

  test("a process that does not stay up is given up, with its log", () => {
    start();
    stack("stop");
    // Redis refuses to start with a broken append-only file.
    writeFileSync(path.join(dir, "redis/appendonlydir/appendonly.aof.manifest"), "broken\n");
    const { status, err } = start();
    expect(status).toBe(1);
    expect(err).toMatch(/redis does not stay up \(exit status 1\).*log\/redis\.log/);
    expect(stack("status", "--only", "redis").out).toContain("stopped");
  });

  test("unknown commands, options and parts are refused", () => {
    expect(stack("dance").status).toBe(2);
    expect(stack("start", "--fast").err).toContain("unknown option --fast");
    expect(stack("start", "--only", "postgres").err).toContain("unknown part postgres");
    expect(stack("stop").err).toContain("there is no stack");
  });
});
