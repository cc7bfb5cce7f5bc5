// SPDX-License-Identifier: Apache-2.0
// Reads the whole stream CAREFORALL.
import { connect, DeliverPolicy, type JsMsg, type NatsConnection } from "nats";
import type { Stack } from "./stack.ts";

export interface StreamEvent {
  sequence: number;
  subject: string;
  id: string;
  type: string;
  aggregate: string;
  version: number;
  headers: Map<string, string>;
  data: string;
}

function toEvent(message: JsMsg): StreamEvent {
  const headers = new Map<string, string>();
  for (const name of message.headers?.keys() ?? []) {
    headers.set(name.toLowerCase(), message.headers?.get(name) ?? "");
  }
  return {
    sequence: message.seq,
    subject: message.subject,
    id: headers.get("nats-msg-id") ?? "",
    type: headers.get("ce-type") ?? "",
    aggregate: headers.get("ce-subject") ?? "",
    version: Number(headers.get("ce-aggregateversion")),
    headers,
    data: new TextDecoder().decode(message.data),
  };
}

export class Stream {
  private connection: NatsConnection | undefined;

  constructor(private readonly stack: Stack) {}

  private async open(): Promise<NatsConnection> {
    if (!this.connection || this.connection.isClosed()) {
      this.connection = await connect({
        servers: `${this.stack.host("NATS")}:${this.stack.port("NATS")}`,
        user: "watcher",
        pass: this.stack.get("STACK_NATS_PASSWORD_WATCHER"),
        timeout: 5_000,
        tls: this.stack.natsTls() ?? null,
      });
    }
    return this.connection;
  }

  /** Number of messages and the last sequence. */
  async size(): Promise<{ messages: number; last: number }> {
    const manager = await (await this.open()).jetstreamManager();
    const { state } = await manager.streams.info("CAREFORALL");
    return { messages: state.messages, last: state.last_seq };
  }

  /** Every message from a sequence on, in order. */
  async read(from = 1): Promise<StreamEvent[]> {
    const connection = await this.open();
    const manager = await connection.jetstreamManager();
    const { state } = await manager.streams.info("CAREFORALL");
    const events: StreamEvent[] = [];
    if (state.messages === 0 || state.last_seq < from) return events;
    // An ordered consumer: it sees a gap and begins again behind what it has. What is
    // fetched without acknowledgements is lost where its time ends before it is read.
    const consumer = await connection.jetstream().consumers.get("CAREFORALL", {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
    });
    const messages = await consumer.consume({ max_messages: 1_000 });
    for await (const message of messages) {
      events.push(toEvent(message));
      if (message.seq >= state.last_seq) break;
    }
    await messages.close();
    return events;
  }

  /** Calls back for each event that arrives from now on; gives the way to stop. */
  async follow(
    receive: (event: { type: string; aggregate: string; sequence: number }) => void,
  ): Promise<() => Promise<void>> {
    const connection = await this.open();
    const consumer = await connection.jetstream().consumers.get("CAREFORALL", {
      deliver_policy: DeliverPolicy.New,
    });
    const messages = await consumer.consume({
      callback: (message) => {
        receive({
          type: message.headers?.get("ce-type") ?? "",
          aggregate: message.headers?.get("ce-subject") ?? "",
          sequence: message.seq,
        });
      },
    });
    return async () => {
      await messages.close();
    };
  }

  async close(): Promise<void> {
    await this.connection?.close();
    this.connection = undefined;
  }
}
