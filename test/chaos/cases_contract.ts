// SPDX-License-Identifier: Apache-2.0
// The relay's contract with the broker. Goal: it runs on no stream and no server that
// could lose events or let others write them, and says what to change. Method: real
// streams with one wrong setting each, a server without users, servers with TLS, and a
// stream that is changed while the relay runs.
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DiscardPolicy, nanos, StorageType, type StreamConfig } from "nats";
import { until } from "../lib/until.ts";
import { addMany, compare, deleteStream, ended, logOf, relay, stack, stopRelay, withStreams, type Cases, type RelayOptions } from "./kit.ts";

const day = 86_400_000;

/** A relay that must refuse; gives its last words. */
async function refusal(options: RelayOptions = {}): Promise<string> {
  const { code, output } = await ended(relay(stack.port("RELAY"), options));
  assert.equal(code, 1, output);
  const last = output.trim().split("\n").map((line) => JSON.parse(line) as { event: string; reason?: string });
  const found = last.find((line) => line.event.startsWith("stream_"));
  return `${found?.event ?? ""}: ${found?.reason ?? ""}`;
}

async function wrongStreams(): Promise<void> {
  await stack.stop(["relay"]);
  await deleteStream();
  assert.match(await refusal(), /^stream_missing: .*--provision/);
  const right: Partial<StreamConfig> = {
    name: "CAREFORALL",
    subjects: ["careforall.>"],
    storage: StorageType.File,
    max_age: nanos(14 * day),
    duplicate_window: nanos(120_000),
    deny_delete: true,
    deny_purge: true,
  };
  const wrong: [Partial<StreamConfig>, RegExp][] = [
    [{ subjects: ["careforall.pledge.>"] }, /subjects must be exactly careforall\.>/],
    [{ storage: StorageType.Memory }, /storage is memory and must be file/],
    [{ max_age: nanos(7 * day) }, /max_age is 7d and must be more than 7d/],
    [{ max_msgs: 5_000, discard: DiscardPolicy.New }, /max_msgs is 5000 and must be none or at least 100000000/],
    [{ max_msgs: 100_000_000 }, /discard is old and must be new/],
    [{ max_bytes: 1_000_000, discard: DiscardPolicy.New }, /max_bytes is 1000000 and must be none/],
    [{ duplicate_window: nanos(1_000) }, /duplicate_window is 1s and must be at least 120s/],
    [{ deny_delete: false }, /deny_delete must be on/],
    [{ deny_purge: false }, /deny_purge must be on/],
  ];
  await withStreams(async (manager) => {
    for (const [index, [change, words]] of wrong.entries()) {
      await manager.streams.add({ ...right, ...change });
      // --provision makes a stream where there is none; it changes nobody's.
      assert.match(await refusal({ args: index % 2 === 0 ? [] : ["--provision"] }), words);
      await manager.streams.delete("CAREFORALL");
    }
    await manager.streams.add(right);
    assert.match(await refusal({ env: { CAREFORALL_STREAM_REPLICAS: "3" } }), /num_replicas is 1 and must be at least 3/);
    await manager.streams.delete("CAREFORALL");
  });
  await stack.start(["relay"]);
  await addMany("contract", 1, 3);
  await compare();
  const { config } = await withStreams((manager) => manager.streams.info("CAREFORALL"));
  assert.deepEqual(
    [config.max_age, config.max_msgs, config.discard, config.max_bytes, config.deny_delete, config.deny_purge],
    [nanos(14 * day), 100_000_000, "new", -1, true, true],
  );
}

/** Somebody makes the stream worse while the relay runs, and nothing is published. */
async function streamChanged(): Promise<void> {
  await withStreams((manager) => manager.streams.update("CAREFORALL", { max_age: nanos(day) }));
  const log = (): Promise<string> => stack.log("relay");
  await until("the relay to refuse", async () => (await log()).includes("max_age is 1d"), 30_000);
  await withStreams((manager) => manager.streams.update("CAREFORALL", { max_age: nanos(14 * day) }));
}

/** A server without users: anybody could write, so the relay does not. */
async function openServer(): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), "careforall-open-"));
  const port = stack.port("PROMETHEUS");
  const server = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", dir], { stdio: "ignore" });
  await stack.stop(["relay"]);
  try {
    const words = await until("the server to answer", async () => {
      const said = await refusal({ natsPort: port, args: ["--provision"] });
      return said.startsWith("stream_open") ? said : null;
    });
    assert.match(words, /let only the relay's publish it/);
    const child = relay(stack.port("RELAY"), { natsPort: port, args: ["--provision"], env: { CAREFORALL_STREAM_OPEN: "on" } });
    await until("a relay that was told to", async () =>
      (await fetch(`http://127.0.0.1:${stack.port("RELAY")}/readyz`)).ok);
    const end = ended(child);
    child.kill("SIGTERM");
    assert.equal((await end).code, 0);
  } finally {
    server.kill("SIGKILL");
    await rm(dir, { recursive: true, force: true });
    await stack.start(["relay"]);
  }
}

/** A server with TLS: only the one that its certificate and the authority say it is. */
async function tls(): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), "careforall-tls-"));
  const file = (name: string): string => path.join(dir, name);
  for (const [name, names] of [["here", "IP:127.0.0.1"], ["elsewhere", "DNS:nats.example.org"]] as const) {
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=nats",
      "-addext", `subjectAltName=${names}`, "-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)], { stdio: "ignore" });
  }
  const port = stack.port("PROMETHEUS");
  const serve = (certificate: string): ChildProcess =>
    spawn("nats-server", ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", dir,
      "--tls", "--tlscert", file(`${certificate}.crt`), "--tlskey", file(`${certificate}.key`)], { stdio: "ignore" });
  const start = (scheme: string, authority: string): ChildProcess =>
    relay(stack.port("RELAY"), {
      args: ["--provision"],
      env: {
        CAREFORALL_NATS_URL: `${scheme}://127.0.0.1:${port}`,
        CAREFORALL_NATS_CA_FILE: file(`${authority}.crt`),
        CAREFORALL_STREAM_OPEN: "on",
      },
    });
  const refused = async (scheme: string, authority: string, words: RegExp): Promise<void> => {
    const child = start(scheme, authority);
    try {
      await until(`the relay to refuse ${scheme} with ${authority}`, () =>
        Promise.resolve(logOf(child).split("\n").some((line) => line.includes('"nats_connect_failed"') && words.test(line))));
      assert.doesNotMatch(logOf(child), /"event":"flowing"/);
    } finally {
      await stopRelay(child);
    }
  };
  await stack.stop(["relay"]);
  let server = serve("here");
  try {
    await refused("nats", "here", /CAREFORALL_NATS_URL must say tls:/);
    await refused("tls", "elsewhere", /self-signed certificate/);
    const child = start("tls", "here");
    try {
      await until("the relay to publish with TLS", () => Promise.resolve(/"event":"flowing"/.test(logOf(child))));
    } finally {
      await stopRelay(child);
    }
    server.kill("SIGKILL");
    await new Promise((done) => server.once("close", done));
    // The right authority, and the name of another host.
    server = serve("elsewhere");
    await refused("tls", "elsewhere", /IP address mismatch/);
  } finally {
    server.kill("SIGKILL");
    await rm(dir, { recursive: true, force: true });
    await stack.start(["relay"]);
  }
}

export const contractCases: Cases = { wrongStreams, streamChanged, openServer, tls };
