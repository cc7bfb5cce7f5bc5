// SPDX-License-Identifier: Apache-2.0
// Patroni and etcd, as docs/howto/scaling.md recommends them: etcd on hosts of its own, one
// synchronous standby at least or no commit, times short enough for a test.
import { stringify } from "yaml";
import type { Host } from "./host.ts";

/** How fast a lost primary is noticed, seconds: ttl, loop_wait, retry_timeout. */
export const timing = { ttl: 6, loop_wait: 1, retry_timeout: 2 };

export interface Passwords {
  superuser: string;
  replication: string;
}

export const etcdCommand = (host: Host, data: string, all: Host[]): string[] => [
  "etcd",
  "--name", host.name,
  "--data-dir", data,
  "--listen-client-urls", `http://${host.address}:2379`,
  "--advertise-client-urls", `http://${host.address}:2379`,
  "--listen-peer-urls", `http://${host.address}:2380`,
  "--initial-advertise-peer-urls", `http://${host.address}:2380`,
  "--initial-cluster", all.map((one) => `${one.name}=http://${one.address}:2380`).join(","),
  "--heartbeat-interval", "200",
  "--election-timeout", "2000",
];

export function patroniSettings(host: Host, data: string, etcd: Host[], passwords: Passwords): string {
  return stringify({
    scope: "careforall",
    name: host.name,
    restapi: { listen: `${host.address}:8008`, connect_address: `${host.address}:8008` },
    etcd3: { hosts: etcd.map((one) => `${one.address}:2379`) },
    bootstrap: {
      dcs: {
        ...timing,
        // A primary that died is replaced, not waited for: what it had committed for
        // itself alone must never be seen.
        primary_start_timeout: 0,
        // pg_cron's scheduler cannot be ended while it waits for a standby that is out of reach.
        primary_stop_timeout: 10,
        synchronous_mode: true,
        synchronous_mode_strict: true,
        postgresql: {
          use_pg_rewind: true,
          parameters: {
            shared_preload_libraries: "careforall,pg_cron,pg_stat_statements",
            "cron.database_name": "careforall",
            "cron.use_background_workers": "on",
            max_connections: 100,
            max_worker_processes: 16,
            shared_buffers: "64MB",
            max_wal_size: "256MB",
            wal_keep_size: "128MB",
            jit: "off",
            timezone: "UTC",
            log_timezone: "UTC",
            log_line_prefix: "%m [%p] %q%u@%d %a ",
            // A standby that came back is the synchronous one within a second, not five.
            wal_retrieve_retry_interval: "500ms",
            wal_sender_timeout: "5s",
            wal_receiver_timeout: "5s",
            tcp_user_timeout: "3s",
            tcp_keepalives_idle: 2,
            // The hosts are killed, the kernel below them is not.
            fsync: "off",
          },
        },
      },
      initdb: [{ encoding: "UTF8" }, { locale: "C.UTF-8" }, "data-checksums"],
      pg_hba: ["host replication replicator 10.77.0.0/24 scram-sha-256", "host all all 10.77.0.0/24 scram-sha-256"],
    },
    postgresql: {
      listen: `${host.address}:5432`,
      connect_address: `${host.address}:5432`,
      data_dir: `${data}/pg`,
      bin_dir: "/usr/lib/postgresql/15/bin",
      pgpass: `${data}/pgpass`,
      authentication: {
        superuser: { username: "postgres", password: passwords.superuser },
        replication: { username: "replicator", password: passwords.replication },
        rewind: { username: "postgres", password: passwords.superuser },
      },
      parameters: { unix_socket_directories: data },
    },
  });
}
