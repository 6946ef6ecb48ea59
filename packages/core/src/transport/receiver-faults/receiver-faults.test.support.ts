import { badBodies, endlessBodies, moreThanAsked } from "./bodies.test.support.js";
import { encodings, hostileTexts } from "./hostile-bodies.test.support.js";
import { keptConnections } from "./kept-connections.test.support.js";
import { largeHeads, noAnswer, noHttp } from "./no-answer.test.support.js";
import type { ReceiverFault } from "./receiver-fault.test.support.js";
import { tls } from "./secure-connections.test.support.js";
import { redirects, retryAfter, statuses } from "./statuses.test.support.js";

/** Every way in which a receiver misbehaves that we know of. One table: a new one is a new row of the file that it belongs to. */
export const receiverFaults: readonly ReceiverFault[] = [
  ...noAnswer(),
  ...noHttp(),
  ...largeHeads(),
  ...badBodies(),
  ...endlessBodies(),
  ...moreThanAsked(),
  ...encodings(),
  ...hostileTexts(),
  ...statuses(),
  ...redirects(),
  ...retryAfter(),
  ...keptConnections(),
  ...tls(),
];
