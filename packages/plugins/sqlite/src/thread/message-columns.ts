import type { Message, MessageId, OrganizationId, ProjectId } from "@hookwright/core";

/** Messages as they travel: a column per field, and the bytes of all payloads and variants in one block, in order. */
export interface MessageColumns {
  readonly id: MessageId[];
  readonly organization: OrganizationId[];
  readonly project: (ProjectId | null)[];
  readonly action: string[];
  readonly hops: number[];
  readonly createdAt: number[];
  readonly payloadLength: number[];
  readonly variants: (readonly VariantLength[] | null)[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

type VariantLength = readonly [name: string, length: number];

/** Copies the bytes once: into a block that is then handed to the other thread as it is. */
export function encodeMessages(messages: readonly Message[]): MessageColumns {
  const columns: MessageColumns = {
    id: [],
    organization: [],
    project: [],
    action: [],
    hops: [],
    createdAt: [],
    payloadLength: [],
    variants: [],
    bytes: joinBytes(messages.flatMap(({ payload, variants }) => [payload, ...variants.values()])),
  };
  for (const { id, organization, project, action, hops, createdAt, payload, variants } of messages) {
    columns.id.push(id);
    columns.organization.push(organization);
    columns.project.push(project);
    columns.action.push(action);
    columns.hops.push(hops);
    columns.createdAt.push(createdAt);
    columns.payloadLength.push(payload.length);
    columns.variants.push(variants.size === 0 ? null : [...variants].map(([name, bytes]) => [name, bytes.length]));
  }
  return columns;
}

/** The messages share the block's memory. */
export function decodeMessages(columns: MessageColumns): readonly Message[] {
  let offset = 0;
  const take = (length: number): Uint8Array => {
    offset += length;
    return columns.bytes.subarray(offset - length, offset);
  };
  return columns.id.map((id, index) => ({
    id,
    organization: cell(columns.organization, index),
    project: cell(columns.project, index),
    action: cell(columns.action, index),
    payload: take(cell(columns.payloadLength, index)),
    variants: new Map((cell(columns.variants, index) ?? []).map(([name, length]) => [name, take(length)])),
    hops: cell(columns.hops, index),
    createdAt: cell(columns.createdAt, index),
  }));
}

/** One cell of a column; all columns of one table have the same length. */
export function cell<Value>(column: readonly Value[], index: number): Value {
  if (index >= column.length) throw new RangeError(`Row ${index} of a column with ${column.length}.`);
  // The check above; a cell may hold undefined only where its type says so.
  return column[index] as Value;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
