/**
 * When a failure happens, seen from the attempt: `before` reaches the caller and nothing is stored, `during` becomes an
 * outcome and an attempt record, `after` is repeated once the lease runs out.
 */
export type FailureStage = "before" | "during" | "after";

/** What is known about one error code. Every text is one or more whole sentences; the page of the code shows them as they are. */
export interface ErrorCodeEntry {
  readonly stage: FailureStage;
  /** What it means, in one sentence. */
  readonly meaning: string;
  /** Why it happens. */
  readonly cause: string;
  /** What to do. */
  readonly remedy: string;
  /** Where a person or a program meets it. */
  readonly shows: string;
}

/** The one table of error codes. Each code has a page in the docs that is made from its entry. */
export const errorCodes = {
  // Definitions
  definition_invalid: {
    stage: "before",
    meaning: "An event, a listener, a middleware or a transform is not defined as it must be.",
    cause:
      "A field is missing or has the wrong form, a decorated class lacks the schema that EventOf gives it, the event's own example does not fit its schema, a listener names a notification that there is not, or two transforms share one variant.",
    remedy:
      "Correct the field that the message names. It also names whose definition it is: core, the application, or the plugin with its version.",
    shows:
      "Thrown by createWebhooks, by emit when it is given something that is no event, and by the call of ctx or of the host that registers. Nothing is registered then.",
  },
  action_taken: {
    stage: "before",
    meaning: "Two events claim the same action or alias.",
    cause:
      "Two plugins, or a plugin and core, define an event with one name. An alias counts as a name: `TASK_CREATED` belongs to core's `TASKS_CREATED`.",
    remedy:
      "Rename one of the two, for example with the plugin's name as prefix. The message names both events and both owners; to keep old subscribers after a rename, list the old name under `aliases`.",
    shows: "Thrown at boot, or when the plugin is loaded into a running host. The plugin that came second is refused.",
  },
  schema_invalid: {
    stage: "before",
    meaning: "A JSON Schema is refused before it is used.",
    cause:
      "It is not valid JSON Schema 2020-12 in Ajv's strict mode (an unknown keyword or format, `properties` without `type`), it refers to something outside of itself, it is larger or deeper than allowed, or one of its patterns cannot be run in linear time.",
    remedy:
      "Correct the schema at the place that the message names. References may only be of the form `#/$defs/name`; what is too large belongs into several events.",
    shows: "Thrown at boot or at load, with the name of the event or of the plugin whose configuration it describes.",
  },
  plugins_refused: {
    stage: "before",
    meaning: "Plugins were refused before any of their code ran.",
    cause: "At least one of them has a problem; the message lists all of them, one line each, with a code of its own.",
    remedy: "Correct each line: it says which plugin, what was expected, what was found and how to fix it.",
    shows:
      "Thrown as BootError by createWebhooks, and by load in a running host; `hookwright start` prints it and ends with 1. Nothing was opened or registered.",
  },
  plugin_invalid: {
    stage: "before",
    meaning: "A plugin's manifest is wrong.",
    cause:
      "It was not made with definePlugin, a field of the manifest has the wrong form, or it has a field that there is not.",
    remedy: "Correct the field that is named; for an unknown field the nearest known one is suggested.",
    shows: "As one line of a BootError.",
  },
  plugin_unreadable: {
    stage: "before",
    meaning: "A plugin's module cannot be loaded, or exports no plugin.",
    cause:
      "The file or package is not there, has a fault of syntax, uses TypeScript that is more than types, imports what is not installed, throws while it is loaded, or its default export was not made with definePlugin.",
    remedy:
      "Do what the line says. A name that begins with `./`, `../` or `/` is a file, any other a package that must be installed beside the configuration file.",
    shows:
      "As one line of a BootError at `hookwright start`, with where the plugin is named: `--plugin`, or its place in the configuration file.",
  },
  plugin_name_taken: {
    stage: "before",
    meaning: "Two plugins have the same name.",
    cause: "The same plugin is listed twice, or two plugins were given one name.",
    remedy: "List one of them, or unload the one that is loaded before you load the other.",
    shows: "As one line of a BootError; it names both versions.",
  },
  plugin_missing: {
    stage: "before",
    meaning: "There is no plugin with this name.",
    cause: "A plugin requires another one that is not loaded, or a plugin was to be unloaded that is not loaded.",
    remedy: "Add the plugin, or correct the name; the nearest known name is suggested.",
    shows: "As one line of a BootError, or thrown by unload.",
  },
  plugin_version: {
    stage: "before",
    meaning: "A version does not fit the range that a plugin asks for.",
    cause:
      "The plugin was written for other versions of core, or for other versions of the plugin that it requires. A prerelease comes before its release: 1.0.0-beta.2 does not fit ^1.0.0, but fits >=1.0.0-beta.1.",
    remedy: "Load versions that fit each other; the message names both sides.",
    shows: "As one line of a BootError.",
  },
  plugin_cycle: {
    stage: "before",
    meaning: "Plugins require each other in a circle.",
    cause: "Following what each plugin requires leads back to where it began.",
    remedy: "Take one of the dependencies out of the path that is shown; an extension token needs none.",
    shows: "As one line of a BootError, with the path.",
  },
  plugin_failed: {
    stage: "before",
    meaning: "A plugin's own code failed while it was set up or stopped, or left an error behind that nobody caught.",
    cause: "Its setup threw or rejected, something that it must undo did, or a timer, promise or stream of its own.",
    remedy: "Look at the cause: it is the error of the plugin that is named, with its stack.",
    shows:
      "In the log with the plugin's name, and as the state `failed` in `GET /api/plugins/` and `hookwright plugins list`. Thrown by start when the plugin is essential or the setting onPluginFailure is refuse, and by load.",
  },
  plugin_timeout: {
    stage: "before",
    meaning: "A plugin's own code took too long to set up or to stop.",
    cause: "A promise that it returned did not settle within the setting pluginTimeout.",
    remedy: "Let setup only begin what takes long, and end it when `ctx.signal` aborts; or raise the setting.",
    shows: "As plugin_failed.",
  },
  plugin_in_use: {
    stage: "before",
    meaning: "A plugin cannot be unloaded because others depend on it, or because nothing may leave without it.",
    cause:
      "Started plugins require it or use a service that it provides; or it, or one of them, is `essential`, and webhooks would be sent without what it signs or removes.",
    remedy:
      "Unload those that are named before, or unload it with `{ dependents: true }`: they wait until it is back. Exchange an essential plugin by a restart, or unload it with `{ essential: true }` while nothing is sent that needs it.",
    shows: "Thrown by unload. Nothing was stopped.",
  },
  token_taken: {
    stage: "before",
    meaning: "Two plugins offer the same extension or provide the same service.",
    cause: "A token belongs to one plugin at a time; another one came first.",
    remedy: "Load one of the two plugins that are named.",
    shows: "Thrown by ctx.offer and ctx.provide; when setup does not catch it, the plugin fails with it as the cause.",
  },
  service_missing: {
    stage: "before",
    meaning: "No plugin provides the service.",
    cause: "The plugin that provides it is not loaded, failed, or is started later than the one that asks.",
    remedy: "Load the plugin that provides it, and list it in `requires` so that it is started before.",
    shows: "Thrown by ctx.service; when setup does not catch it, the plugin fails with it as the cause.",
  },
  contribution_refused: {
    stage: "before",
    meaning: "An extension did not take what a plugin contributes.",
    cause: "The plugin that offers the extension threw when it was given the contribution: the cause says why.",
    remedy: "Correct the contribution as the cause says; the message names both plugins.",
    shows: "Thrown by ctx.contribute; in the log when the extension is offered after the contribution was made.",
  },
  configuration_invalid: {
    stage: "before",
    meaning: "A setting has a value that cannot be used, or does not exist.",
    cause:
      "An environment variable, a key of the configuration file, a setting in code, or the configuration of a plugin is none of the allowed forms; a name in code is misspelt; or all is well formed, but this machine cannot do it: the port is in use, the folder may not be written to.",
    remedy:
      "Set the setting that is named to one of the forms that are named; for a name that there is not the nearest is told. The value of a secret is never shown.",
    shows: "Thrown before anything is opened; `hookwright start` prints it as one line and ends with 1.",
  },
  lifecycle_invalid: {
    stage: "before",
    meaning: "A call came before the start or after the stop.",
    cause:
      "The host was not started yet, is stopping, or is started a second time; or a plugin used its context after it was stopped, for example from a timer that it left behind; or its route or command emitted after the request had ended.",
    remedy:
      "Call start() once and wait for it, and call nothing after stop(). In a plugin, give everything that outlives setup to `ctx.own` so that it ends with the plugin.",
    shows: "Thrown to the caller; over HTTP it is answered while the service stops.",
  },
  // Input
  action_unknown: {
    stage: "before",
    meaning: "No event with this action is registered.",
    cause:
      "The name is misspelt, or the plugin that defines the event is not loaded, is still being set up, is being stopped or was unloaded, or failed to start.",
    remedy:
      "Use a registered action: the message suggests the nearest one, `hookwright events list` shows all. If a plugin should have brought it, look at `hookwright plugins list`.",
    shows:
      "Thrown by emit and by webhooks.test; over HTTP under `validation_errors.action`. A catalog address with an unknown action is 404.",
  },
  action_reserved: {
    stage: "before",
    meaning: "An event was emitted that only Hookwright emits.",
    cause:
      "WEBHOOK_DISABLED, DELIVERY_EXHAUSTED and DELIVERY_RECOVERED tell what Hookwright itself has done, and receivers rely on that.",
    remedy:
      "Emit an event of your own. To try a receiver of these events, send its webhook a test: `hookwright webhooks test ID --action DELIVERY_EXHAUSTED`. In a test of a handler, let a delivery fail.",
    shows: "Thrown by emit, also by that of a handler; over HTTP under `validation_errors.action`. Nothing is stored.",
  },
  payload_invalid: {
    stage: "before",
    meaning: "A payload does not fit the event's schema, or is not the JSON that it must be.",
    cause:
      "A member is missing or of another type, the payload is no object, it is nested too deep, it holds what JSON cannot (a function, a BigInt, a cycle), or it has a member named `action`, which the body needs for itself.",
    remedy:
      "Correct the value at the JSON pointer that is named. `hookwright events show ACTION` prints the schema and an example that fits.",
    shows:
      "Thrown by emit and by webhooks.test with pointer, expected and found in `details.problem`; over HTTP under `validation_errors.payload`. Nothing is stored.",
  },
  scope_invalid: {
    stage: "before",
    meaning: "An event was emitted for a scope that it does not have.",
    cause:
      "An event of the organization was emitted with a project, or an organization or project is no positive whole number.",
    remedy: "Emit organization-only events without a project, and use positive whole numbers as ids.",
    shows: "Thrown by emit; over HTTP under `validation_errors.project`. Nothing is stored.",
  },
  idempotency_conflict: {
    stage: "before",
    meaning: "The same idempotency key was used before with other content.",
    cause:
      "Within 24 hours two emits of one organization used one key, and their action, payload or project differ. Often the key is made from too little, such as an object's id without its version.",
    remedy:
      "Use a new key for a new event; repeat a key only with equal content, as a retry does. The order of members and white space do not count.",
    shows: "Thrown by emit; the first event stands and nothing more is stored.",
  },
  webhook_invalid: {
    stage: "before",
    meaning: "A webhook cannot be saved as it is.",
    cause:
      "A field has the wrong form, the address is refused by the target guard, a header belongs to the sender, an action is unknown, or organization webhooks are not allowed.",
    remedy: "Correct the fields that are named; every fault of every field is told at once.",
    shows: "Thrown by webhooks.create and webhooks.update; over HTTP under `validation_errors`. Nothing is changed.",
  },
  not_found: {
    stage: "before",
    meaning: "There is no such object in this organization.",
    cause:
      "The id is wrong, the object was deleted or removed by retention, or it belongs to another organization, which looks the same.",
    remedy: "Check the id, and that the token belongs to the right organization.",
    shows: "Thrown by the calls that take an id.",
  },
  replay_invalid: {
    stage: "before",
    meaning: "A replay cannot be started as it was asked for.",
    cause:
      "A time is missing or is none, `since` is not before `until` or lies in the future, or the status is no end of a delivery.",
    remedy: "Correct the fields that the message names; all of them are named at once.",
    shows:
      "Thrown by webhooks.replay and webhooks.previewReplay; over HTTP under `validation_errors`. No job was made.",
  },
  too_many_jobs: {
    stage: "before",
    meaning: "As many jobs as may run at once are running in this organization.",
    cause:
      "Ten replays of the organization have not come to their end. They take turns: more of them would end no sooner.",
    remedy:
      "Wait until one has ended, or cancel one: `GET /api/jobs/` and `hookwright jobs list` show them. One replay with a longer time does the work of several.",
    shows: "Thrown by webhooks.replay; over HTTP as 409. No job was made.",
  },
  delivery_not_retryable: {
    stage: "before",
    meaning: "The delivery cannot be sent again.",
    cause:
      "Its webhook was deleted, it was a test, which is never repeated, or it went to a durable handler that has had its effect.",
    remedy:
      "If its webhook was deleted, create it anew and emit the event again; instead of a test, send another one; for a handler, emit a new event.",
    shows: "Thrown by deliveries.retry, and printed by `hookwright deliveries retry`.",
  },
  state_invalid: {
    stage: "before",
    meaning: "A plugin asked its state for something that cannot be kept.",
    cause:
      "The key is empty or too long, the value is no JSON or larger than 64 kB, one call touched too many keys, or a handler used its state after it had ended.",
    remedy:
      "Correct what the message names. Split a large value over several keys, or keep it elsewhere and its address here.",
    shows:
      "Thrown by the state's own methods; where a handler does not catch it, the attempt fails with `handler_failed`.",
  },
  // Signatures, thrown by the signing package
  secret_invalid: {
    stage: "before",
    meaning: "A signing secret cannot be read.",
    cause:
      "It is none of `whsec_…` with 24 to 75 bytes as base64, `whsk_…` with 32 or 64 bytes, or `whpk_…` with 32 bytes; something is missing from its end; the halves of a pair do not fit; or a public key was given to sign with.",
    remedy:
      "Use the secret as it was shown when it was made, whole, or make a new one. The message says what is wrong and never repeats it.",
    shows: "Thrown by sign, verify and createVerifier, and printed by `hookwright listen`.",
  },
  signature_missing: {
    stage: "before",
    meaning: "A request that should be signed lacks a header that a signature is checked with.",
    cause:
      "The sender does not sign, since its webhook has no secret; the request is somebody else's; or a proxy has taken the header out.",
    remedy:
      "Set a secret for the webhook, and see that `webhook-id`, `webhook-timestamp` and `webhook-signature` come through. Until then answer 401.",
    shows: "Thrown by verify in the receiver, and printed by `hookwright listen`.",
  },
  signature_malformed: {
    stage: "before",
    meaning: "What a signature is made of or checked with has the wrong form.",
    cause:
      "The id is empty, too long or has a full stop in it, the timestamp is no whole number of seconds, or the list of signatures is longer than any sender's.",
    remedy:
      "Answer 401: no sender that keeps to Standard Webhooks sends this. A sender of your own gives `sign` such an id and such a time.",
    shows: "Thrown by verify in the receiver and by sign, and printed by `hookwright listen`.",
  },
  signature_expired: {
    stage: "before",
    meaning: "The request says that it was made too long ago, or in the future.",
    cause:
      "Somebody sends an old request once more, it waited somewhere for longer than the tolerance, which is 5 minutes, or one of the two clocks is wrong.",
    remedy: "Answer 401. If every request is refused, set the clocks of both machines by a time server.",
    shows: "Thrown by verify in the receiver, and printed by `hookwright listen`.",
  },
  signature_mismatch: {
    stage: "before",
    meaning: "No signature of the request fits.",
    cause:
      "It was signed with another secret, or not by who holds one; the body was read as JSON and written again before it was checked; or id, time or body were changed on the way.",
    remedy:
      "Check the bytes as they came, before anything reads them. Compare where the secret came from at both ends; while it is rotated give both. Answer 401.",
    shows: "Thrown by verify in the receiver, and printed by `hookwright listen`.",
  },
  // Secrets at rest
  secret_unreadable: {
    stage: "during",
    meaning: "A header value or a signing secret that is stored sealed cannot be opened.",
    cause:
      "The service was given other secret keys than those that sealed it, the value was copied from another organization or installation, or the database was changed from outside.",
    remedy:
      "Start with the key that sealed it: HOOKWRIGHT_SECRET_KEY, or the file secret-key of the data folder; in an own program `secretKeys` of createWebhooks. Old and new keys may stand there together, newest first. A single damaged value is repaired by setting it again. Where the key is lost, `hookwright secrets discard-unreadable` takes out what it sealed and switches those webhooks off.",
    shows:
      "At the start, which it ends. For a single value: in the attempt's record and one ERROR line, while the delivery is repeated 5 s to 5 min apart without blame for the receiver; as 500 where the webhook is read; and from `hookwright secrets rotate-key`.",
  },
  secret_scheme_missing: {
    stage: "during",
    meaning: "A webhook has a signing secret, or is to get one, and no plugin signs.",
    cause: "The signing plugin is not loaded, or has failed or was unloaded.",
    remedy:
      "Add the plugin to `plugins`, or remove the secret. Deliveries that are held go out by themselves once it is there.",
    shows:
      "Thrown where a secret is set or rotated. In the attempt's record and one ERROR line: nothing leaves unsigned, the delivery is repeated 5 s to 5 min apart, and the receiver is not blamed.",
  },
  // Storage
  overloaded: {
    stage: "before",
    meaning: "Too much waits to be written already.",
    cause:
      "Events come in faster than the disk takes them, more requests or larger ones are under way than memory is set aside for, a dry run of a replay is under way already, four test deliveries and handshakes of one organization (32 of all) wait for their receivers, or one webhook's changes were never at rest while an event was matched. Memory stays bounded because of this refusal.",
    remedy: "Try again after a second, and emit in batches: many events that arrive together cost one write.",
    shows:
      "Thrown by emit, tests, handshakes and by webhooks.previewReplay; over HTTP by every route, with `Retry-After`. Nothing of the refused call is stored.",
  },
  storage_full: {
    stage: "before",
    meaning: "The disk that holds the database is full.",
    cause: "The file system of the data folder has no room left, or a quota ends there.",
    remedy:
      "Make room, or shorten WEBHOOK_RETENTION; nothing was stored of this call and nothing stored before was lost. No restart is needed.",
    shows: "Thrown by every call that writes.",
  },
  storage_failed: {
    stage: "before",
    meaning: "The database answered with an error.",
    cause:
      "The file cannot be read or written, another process holds it, the disk reports an error, or the store is not open.",
    remedy: "Look at the cause and at the advice in the message; nothing of this call was stored.",
    shows:
      "Thrown to the caller. During deliveries it is logged and told as `store.failed`, and tried again until it works.",
  },
  storage_foreign: {
    stage: "before",
    meaning: "The database belongs to another program or to a newer version of this one.",
    cause:
      "HOOKWRIGHT_DATA points at a folder whose `hookwright.db` is no SQLite file, was made by another program, or was written by a newer version.",
    remedy: "Name another folder, or run the version that wrote it. The file is left as it is.",
    shows: "At the start, which ends with one line and exit code 1.",
  },
  // The attempt
  target_blocked: {
    stage: "during",
    meaning: "The target guard refused the address.",
    cause:
      "The receiver's name leads to a private, loopback, link-local, metadata or reserved address. The address is checked at each attempt, so a name that moved there is refused as well.",
    remedy: "Use a public address, or allow this one with HOOKWRIGHT_ALLOW_TARGETS.",
    shows: "In the attempt's record and in one ERROR line. Nothing was sent.",
  },
  target_invalid: {
    stage: "during",
    meaning: "The URL cannot be requested.",
    cause: "A middleware changed the URL to something that is no absolute http or https address.",
    remedy: "Correct the middleware: a URL is `http://` or `https://` with a host.",
    shows: "In the attempt's record and in one ERROR line. Nothing was sent.",
  },
  dns_failed: {
    stage: "during",
    meaning: "The receiver's name could not be resolved.",
    cause: "The name does not exist, or the resolver of this machine does not answer.",
    remedy: "Check the host name (`getent hosts NAME` on this machine), and the resolver.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  connection_refused: {
    stage: "during",
    meaning: "Nothing listens at the receiver's address.",
    cause: "The receiver is not running, listens on another port or only on another interface, or a firewall rejects.",
    remedy: "Start the receiver, or correct host and port of the webhook.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  connection_failed: {
    stage: "during",
    meaning: "No connection could be made, or it broke before the answer.",
    cause: "There is no route to the receiver, or it closed or reset the connection before its status line came.",
    remedy:
      "Check the network between here and the receiver, and the receiver's own log at that time: a crash while it handles the request looks like this.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  tls_failed: {
    stage: "during",
    meaning: "The TLS handshake failed or the certificate is not valid.",
    cause:
      "The certificate has expired, is for another name, was signed by an authority that this machine does not know, the two sides share no version of TLS, or the receiver asks for a certificate of the sender and gets none that it knows.",
    remedy:
      "Renew the receiver's certificate, or make its authority known with HOOKWRIGHT_CA_FILE. A receiver that asks for a certificate wants HOOKWRIGHT_CLIENT_CERT.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  timeout: {
    stage: "during",
    meaning: "The receiver did not answer in time.",
    cause:
      "Connecting, sending and the head of the answer took longer than WEBHOOK_TIMEOUT together; mostly the receiver does its work before it answers.",
    remedy: "Answer first and work afterwards, or raise WEBHOOK_TIMEOUT (seconds, 1 by default).",
    shows:
      "In the attempt's record, which says what was missing, and in one ERROR line; counts as a failure of the webhook. The receiver may have taken the message all the same: the next attempt has the same `webhook-id`.",
  },
  protocol_error: {
    stage: "during",
    meaning: "The receiver's answer is not HTTP.",
    cause:
      "Something else than an HTTP/1.1 server listens there, an https port is asked by http, or the length of the answer does not fit its `Content-Length`.",
    remedy: "Correct the receiver: the cause tells what was wrong with its answer.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  answer_too_large: {
    stage: "during",
    meaning: "The head of the receiver's answer is too large.",
    cause:
      "Its response headers are longer than the 16 kB, or more than the 256 lines, that the sender reads, or it sent more than 16 announcements (1xx); a long cookie or a trace is the usual reason.",
    remedy: "Send fewer or shorter response headers. The body may be of any length: only its start is read.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  http_status: {
    stage: "during",
    meaning: "The receiver answered with a status that is not 2xx.",
    cause:
      "The receiver refused the message or failed on it; 3xx counts as well, since a redirect is never followed. 410 says that the webhook is no longer wanted, and deactivates it.",
    remedy:
      "Make the receiver answer 2xx when it has taken the message. The record shows the status and the start of the answer.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  request_invalid: {
    stage: "during",
    meaning: "The request could not be built: a header or the body is not valid HTTP.",
    cause: "A middleware set a header whose name or value HTTP does not allow, or one that belongs to the sender.",
    remedy: "Correct the middleware or the header that the cause names.",
    shows: "In the attempt's record and in one ERROR line. Nothing was sent.",
  },
  proxy_refused: {
    stage: "during",
    meaning: "The egress proxy did not open the way to the receiver.",
    cause:
      "It answered CONNECT with 4xx or 5xx: its rules forbid the address or the port, or it could not reach the receiver itself. The status is the proxy's, never the receiver's answer.",
    remedy:
      "Look into the proxy's log at that time, and whether it allows CONNECT to this address and port: many allow port 443 only.",
    shows: "In the attempt's record and in one ERROR line; counts as a failure of the webhook.",
  },
  proxy_failed: {
    stage: "during",
    meaning: "The egress proxy could not be used.",
    cause:
      "It was not reached, does not take the user and password (407), or does not answer as a proxy does. The receiver has no part in it.",
    remedy:
      "Check HOOKWRIGHT_EGRESS_PROXY and the proxy itself. What waits goes out once it works: deliveries are repeated 5 s to 5 min apart.",
    shows: "In the attempt's record and in one ERROR line. Nothing was sent, and nothing counts against the webhook.",
  },
  machine_failed: {
    stage: "during",
    meaning: "This machine had nothing left to make a connection with.",
    cause:
      "The process has no file descriptors left (EMFILE), the machine no ports, buffers, memory or network, or none of its name servers could be asked. Or all connections to the receiver were in use until the deadline.",
    remedy:
      "Raise the limit (`ulimit -n`, LimitNOFILE), or look for what else uses the machine up. What waits goes out once there is room: deliveries are repeated 5 s to 5 min apart.",
    shows: "In the attempt's record and in one ERROR line. Nothing was sent, and nothing counts against the webhook.",
  },
  middleware_failed: {
    stage: "during",
    meaning: "A middleware threw, timed out or broke the rules of next().",
    cause:
      "It threw or rejected, used up its own time, called next() twice or after its attempt, or returned something that is no outcome.",
    remedy:
      "Correct the middleware that is named, or unload its plugin. The delivery is repeated by itself, 5 s to 5 min apart; where the middleware is not required and fails again, it goes out without it.",
    shows:
      "In the attempt's record with the name of the middleware, in one ERROR line, and as the notification `middleware.failed`. It never counts against the receiver.",
  },
  handler_failed: {
    stage: "during",
    meaning: "A plugin's durable handler threw, or did not end within its time.",
    cause: "The plugin's own code failed; the record names the plugin and the handler, and carries the error's text.",
    remedy:
      "Correct the handler. Nothing of the failed attempt was kept, neither state nor events, and it is repeated by itself on the handler's schedule; after the last attempt `hookwright deliveries retry` sends it again.",
    shows: "In the attempt's record, and as one ERROR line with the plugin's name and the error's stack.",
  },
  state_changed: {
    stage: "during",
    meaning: "A durable handler's state was changed by others each time that it was to be written.",
    cause:
      "Many handlers change one key at once; each was run again with fresh reads, several times, and lost every time.",
    remedy:
      "None needed for a single one: it is repeated by itself. Frequent ones: spread the state over more keys, or give the handler a smaller `concurrency`.",
    shows: "In the attempt's record.",
  },
  emit_loop: {
    stage: "during",
    meaning: "A durable handler emitted an event that goes round in a circle.",
    cause:
      "The event comes from a handler, whose event came from a handler, and so on for 16 steps: most likely a handler answers an event with an event that leads back to itself.",
    remedy: "Break the circle: emit only when something has changed, or handle another action.",
    shows: "Thrown by emit in the handler, and in the attempt's record; the attempt is not repeated.",
  },
  stopped: {
    stage: "during",
    meaning: "The attempt was given up because the service stopped.",
    cause: "HOOKWRIGHT_STOP_TIMEOUT, or the timeout given to stop(), ended before the receiver answered.",
    remedy:
      "None needed: the delivery goes on after the next start, with the same `webhook-id`. A test delivery does not; send another.",
    shows: "In the attempt's record.",
  },
  // After the attempt
  lease_lost: {
    stage: "after",
    meaning: "The delivery was taken over or cancelled before this attempt was recorded.",
    cause:
      "The process hung or the disk was stuck for longer than the lease, about a minute more than WEBHOOK_TIMEOUT, or the webhook was deleted meanwhile.",
    remedy:
      "None needed for a single one; frequent ones mean that the process is blocked for long times: look for a callback that does not yield.",
    shows: "In one WARNING line. The attempt that holds the lease is the one that counts.",
  },
  listener_failed: {
    stage: "after",
    meaning: "A listener threw or rejected.",
    cause: "The function given to `on` failed while it handled a notification.",
    remedy: "Correct the listener that is named; no delivery was affected.",
    shows: "As the notification `listener.failed`, and in one ERROR line of the service.",
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** The key of one entry of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;
