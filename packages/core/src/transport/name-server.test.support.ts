import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from "node:net";

/** What a name server says of one name. */
interface NameRecords {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  /** The name is another one's alias; the addresses above are those of the other. */
  readonly cname?: string;
  /** Seconds; 0 unless given. */
  readonly ttl?: number;
  /** Over UDP only the beginning of the answer comes: it has to be asked for again over TCP. */
  readonly truncated?: boolean;
}

export type NameAnswer = NameRecords | "nxdomain" | "servfail" | "refused" | "silent" | "garbage";

/**
 * What is said of each name, or of `name A` and `name AAAA`; of a list the first at the first question of a type, and so on, the last
 * one for ever.
 */
export type Zone = Readonly<Record<string, NameAnswer | readonly NameAnswer[]>>;

const typeA = 1;
const typeAaaa = 28;
const typeCname = 5;
const rcodes: Readonly<Record<string, number>> = { nxdomain: 3, servfail: 2, refused: 5 };

/** A real name server on a loopback port, over UDP and TCP, that says what a test wants: RFC 1035, section 4. A name that is not in its zone does not exist. */
export class NameServer {
  /** `name type`, in the order asked. */
  readonly questions: string[] = [];
  readonly #zone: Zone;
  readonly #asked = new Map<string, number>();
  readonly #udp: UdpSocket = createSocket("udp4");
  readonly #tcp: Server = createServer((socket) => this.#serve(socket));
  readonly #open = new Set<Socket>();

  private constructor(zone: Zone) {
    this.#zone = zone;
    this.#udp.on("message", (question, { port, address }) => {
      const answer = this.#answer(question, "udp");
      if (answer !== undefined) this.#udp.send(answer, port, address);
    });
  }

  static async listen(zone: Zone): Promise<NameServer> {
    const server = new NameServer(zone);
    await new Promise<void>((resolve, reject) => {
      server.#tcp.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    await new Promise<void>((resolve, reject) => {
      server.#udp.once("error", reject).bind(server.#port, "127.0.0.1", resolve);
    });
    return server;
  }

  /** As `nameServers` takes it. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#udp.close(resolve);
    });
    await new Promise<void>((resolve) => {
      this.#tcp.close(() => resolve());
    });
  }

  get #port(): number {
    // listen() gave it one: a bound TCP server has no other form of address.
    return (this.#tcp.address() as AddressInfo).port;
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => {}).on("close", () => this.#open.delete(socket));
    let pending = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const answer = this.#answer(pending.subarray(2, end), "tcp");
        pending = pending.subarray(end);
        if (answer !== undefined) socket.write(Buffer.concat([twoBytes(answer.length), answer]));
      }
    });
  }

  #answer(question: Buffer, over: "udp" | "tcp"): Buffer | undefined {
    const { name, type, end } = questionOf(question);
    const said = this.#say(name, type, over);
    if (said === "silent") return undefined;
    if (said === "garbage") return Buffer.concat([question.subarray(0, 2), Buffer.from("no answer at all")]);
    if (typeof said === "string") return message({ question, end, rcode: rcodes[said] ?? 2 });
    if (said.truncated === true && over === "udp") return message({ question, end, truncated: true });
    return message({ question, end, answers: answersOf(said, type) });
  }

  #say(name: string, type: number, over: string): NameAnswer {
    const key = `${name} ${type === typeA ? "A" : type === typeAaaa ? "AAAA" : type}`;
    const known = this.#zone[key] ?? this.#zone[name] ?? "nxdomain";
    const count = this.#asked.get(key) ?? 0;
    // The same question over TCP is no further one.
    if (over === "udp") this.#asked.set(key, count + 1);
    if (over === "udp") this.questions.push(key);
    if (!isList(known)) return known;
    return known[Math.min(over === "udp" ? count : count - 1, known.length - 1)] ?? "nxdomain";
  }
}

function isList(known: NameAnswer | readonly NameAnswer[]): known is readonly NameAnswer[] {
  return Array.isArray(known);
}

function questionOf(bytes: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: bytes.readUInt16BE(at + 1), end: at + 5 };
}

function answersOf({ a = [], aaaa = [], cname, ttl = 0 }: NameRecords, type: number): readonly Buffer[] {
  // The name of the question stands at byte 12.
  const asked = Buffer.from([0xc0, 12]);
  const alias = cname === undefined ? [] : [record({ owner: asked, type: typeCname, ttl, data: encodedName(cname) })];
  const owner = cname === undefined ? asked : encodedName(cname);
  const addresses = type === typeA ? a.map(bytesOfFour) : type === typeAaaa ? aaaa.map(bytesOfSix) : [];
  return [...alias, ...addresses.map((data) => record({ owner, type, ttl, data }))];
}

interface MessageParts {
  readonly question: Buffer;
  /** Where the question ends. */
  readonly end: number;
  readonly rcode?: number;
  readonly truncated?: boolean;
  readonly answers?: readonly Buffer[];
}

function message({ question, end, rcode = 0, truncated = false, answers = [] }: MessageParts): Buffer {
  const flags = 0x8180 | rcode | (truncated ? 0x0200 : 0);
  const counts = [1, answers.length, 0, 0].map(twoBytes);
  return Buffer.concat([question.subarray(0, 2), twoBytes(flags), ...counts, question.subarray(12, end), ...answers]);
}

interface RecordParts {
  readonly owner: Buffer;
  readonly type: number;
  readonly ttl: number;
  readonly data: Buffer;
}

function record({ owner, type, ttl, data }: RecordParts): Buffer {
  const life = Buffer.alloc(4);
  life.writeUInt32BE(ttl);
  return Buffer.concat([owner, twoBytes(type), twoBytes(1), life, twoBytes(data.length), data]);
}

function encodedName(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function bytesOfFour(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function bytesOfSix(address: string): Buffer {
  if (!isIPv6(address)) throw new Error(`${address} is no IPv6 address`);
  const [front = "", back] = address.split("::");
  const groupsOf = (part: string): readonly string[] => (part === "" ? [] : part.split(":"));
  const first = groupsOf(front);
  const last = groupsOf(back ?? "");
  const zeroes = new Array<string>(8 - first.length - last.length).fill("0");
  return Buffer.concat([...first, ...zeroes, ...last].map((group) => twoBytes(Number.parseInt(group, 16))));
}

function twoBytes(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
