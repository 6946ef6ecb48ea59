import type { EmitEntry, EmitResult, HandOver, Message, MessageId, MessageLog, OrganizationId } from "@hookwright/core";
import { decodeAppended, encodeAppend } from "../thread/append-columns.js";
import { decodeMessages } from "../thread/message-columns.js";
import type { CallThread } from "../thread/store-thread.js";

/** Accepted messages, in the database thread. */
export class ThreadMessageLog implements MessageLog {
  readonly #call: CallThread;

  constructor(call: CallThread) {
    this.#call = call;
  }

  async append(entries: readonly EmitEntry[], handOver: HandOver): Promise<readonly EmitResult[]> {
    const columns = encodeAppend(entries, handOver);
    const appended = await this.#call("append", columns, columns.messages.bytes.buffer);
    return decodeAppended(appended, entries, handOver);
  }

  async get(organization: OrganizationId, message: MessageId): Promise<Message | undefined> {
    const found = await this.#call("getMessage", { organization, message });
    return found === undefined ? undefined : decodeMessages(found)[0];
  }
}
