// SPDX-License-Identifier: Apache-2.0
// A broker in trouble. Goal: nothing is lost, readiness is red and a metric tells
// within 30 s, and all is published once the trouble is over. Method: the broker is
// stopped, killed, made slow, cut off one way, made deaf to everything but pings, delivers nothing,
// loses its stream, or runs on a file system of a few megabytes that is full.
import assert from "node:assert/strict";
import { execFile, type ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { Proxy, type ProxyMode } from "../lib/proxy.ts";
import { sleep, until } from "../lib/until.ts";
import {
  addBulk, addMany, compare, deleteStream, logOf, metric, readiness, ready, red, relay, stack, stopRelay, stream, versions,
  type Cases,
} from "./kit.ts";

const run = promisify(execFile);

async function brokerDown(): Promise<void> {
  await stack.stop(["nats"]);
  await addMany("down", 1, 10);
  await red(/./);
  assert.equal(await metric("ready "), 0);
  await stack.start(["nats"]);
  await ready();
  await compare();
  // Killed again and again while events come.
  for (let round = 0; round < 3; round++) {
    await until("NATS to kill", () => stack.kill("nats"));
    await addMany("down", 11 + round * 10, 10);
  }
  await ready();
  await compare();
  assert.equal((await versions("down")).length, 40);
}

/** A relay behind a proxy in place of the stack's own. */
async function behindProxy(work: (proxy: Proxy, child: ChildProcess) => Promise<void>): Promise<void> {
  const proxy = await Proxy.to(stack.port("NATS"), true);
  await stack.stop(["relay"]);
  const child = relay(stack.port("RELAY"), { natsPort: proxy.port });
  try {
    await ready();
    await work(proxy, child);
  } finally {
    proxy.mode = "pass";
    proxy.cut();
    await stopRelay(child);
    await proxy.close();
    await stack.start(["relay"]);
  }
}

async function brokerSlow(): Promise<void> {
  await behindProxy(async (proxy, child) => {
    proxy.delayMs = 150;
    const before = await metric("resyncs_total");
    await addMany("slow", 1, 50);
    await compare();
    assert.equal(await metric("resyncs_total"), before, `slow is no reason to begin again: ${logOf(child)}`);
    assert.ok((await readiness()).ok);
  });
}

/** Acknowledgements swallowed: with a line cut one way, and by a hung JetStream. */
async function swallowed(mode: ProxyMode, name: string): Promise<void> {
  await behindProxy(async (proxy) => {
    await addMany(name, 1, 10);
    await compare();
    proxy.mode = mode;
    await addMany(name, 11, 10);
    await red(/./);
    assert.equal(await metric("ready "), 0);
    // It stays red: to connect again and to be deaf again is no recovery.
    for (let i = 0; i < 20; i++) {
      assert.equal((await readiness()).ok, false);
      await sleep(100);
    }
    await addMany(name, 21, 10);
    proxy.mode = "pass";
    proxy.cut();
    await ready();
    await compare();
    assert.equal((await versions(name)).length, 30);
  });
}

/** The same without any event under way: only asking finds it out. */
async function hungWhileIdle(): Promise<void> {
  await behindProxy(async (proxy) => {
    await compare();
    proxy.mode = "silent";
    await red(/does not answer|timeout/);
    assert.ok((await metric("broker_silent_seconds")) >= 5);
    proxy.mode = "pass";
    proxy.cut();
    await ready();
  });
}

/** A replica that lags gives nothing of the tail, and says so to nobody: another attempt is made. */
async function tailLags(isLong: boolean): Promise<void> {
  await behindProxy(async (proxy, child) => {
    const attempts = (): number => logOf(child).split("the stream's tail does not come").length - 1;
    proxy.mode = "lagging";
    // Whether a tail is left depends on the moment of the last checkpoint.
    for (let round = 1; attempts() === 0; round++) {
      await addMany(`lagging-${round}`, 1, 10);
      await compare();
      proxy.cut();
      await until("an attempt to end", async () => attempts() > 0 || (await readiness()).ok);
    }
    if (isLong) await until("two more attempts in vain", () => attempts() > 2);
    assert.equal((await readiness()).ok, false);
    await addMany("behind", 1, 10);
    proxy.mode = "pass";
    await ready();
    await compare();
  });
}

async function deletedWhileIdle(): Promise<void> {
  await addMany("idle", 1, 5);
  await compare();
  const before = await metric("stream_losses_total");
  await deleteStream();
  await until("the stream to be filled again", async () => (await stream.size()).messages > 0);
  await compare();
  assert.equal(await metric("stream_losses_total"), before + 1);
}

/** Returns whether a small file system could be mounted there. */
async function mountSmall(where: string): Promise<boolean> {
  const { stdout } = await run("stat", ["-c", "%U", where]);
  return run("mount", ["-t", "tmpfs", "-o", `size=6m,mode=700,uid=${stdout.trim()}`, "tmpfs", where])
    .then(() => true, () => false);
}

/**
 * nats-server 2.9.10 hangs for good after its disk was full, and calls itself
 * healthy: only a restart mends it.
 */
async function diskFull(isLong: boolean): Promise<void> {
  if (!isLong) return;
  const store = path.join(stack.dir, "nats");
  await stack.stop(["nats"]);
  await rm(store, { recursive: true });
  await run("install", ["-d", "-o", await owner(), "-m", "700", store]);
  if (!(await mountSmall(store))) {
    console.log("        diskFull needs the right to mount a small file system: left out");
    await stack.start(["nats"]);
    await compare();
    return;
  }
  try {
    await stack.start(["nats"]);
    await ready();
    await compare();
    await addBulk("full", 4_000, JSON.stringify({ filling: "x".repeat(2_000) }));
    await red(/./);
    assert.equal(await metric("ready "), 0);
    await addMany("after", 1, 10);
    // Room is made, and the operator restarts the broker, whether it hangs or not.
    await run("mount", ["-o", "remount,size=256m", store]);
    await until("NATS to kill", () => stack.kill("nats"));
    await ready();
    await compare(60_000);
  } finally {
    await until("NATS to kill", () => stack.kill("nats"));
    await stack.stop(["nats"]);
    await run("umount", [store]);
    await stack.start(["nats"]);
    await compare();
  }
}

async function owner(): Promise<string> {
  const { stdout } = await run("stat", ["-c", "%U", path.join(stack.dir, "pg")]);
  return stdout.trim();
}

export const brokerCases: Cases = {
  brokerDown,
  brokerSlow,
  acksCutOff: () => swallowed("mute", "mute"),
  acksSwallowed: () => swallowed("silent", "silent"),
  hungWhileIdle,
  tailLags,
  deletedWhileIdle,
  diskFull,
};
