-- One row. `generation` counts the opens that followed no clean close: a lease that a dead process gave may be under way
-- still, so every fence is counted on from there. `listed_to` is the last delivery that stands in the lists below.
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL,
  clean INTEGER NOT NULL,
  listed_to INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (1, 0, 1, 0);

-- Deleted webhooks stay as tombstones, without URL and headers: every reader of changes hears of them, and no id is used
-- again.
CREATE TABLE webhooks (
  id INTEGER PRIMARY KEY,
  organization INTEGER NOT NULL,
  project INTEGER,
  url TEXT NOT NULL,
  send_payload INTEGER NOT NULL,
  send_for_all_actions INTEGER NOT NULL,
  actions TEXT NOT NULL,
  headers TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  retry_schedule TEXT,
  max_concurrency INTEGER,
  rate_limit REAL,
  ordered INTEGER NOT NULL,
  consecutive_failures INTEGER NOT NULL,
  disabled_at INTEGER,
  disabled_reason TEXT,
  secret_set INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX webhooks_of_organization ON webhooks (organization, id) WHERE deleted_at IS NULL;
CREATE INDEX webhooks_by_change ON webhooks (organization, version);

-- Messages, deliveries and attempts are numbered as they come, so that every insert goes to the end of its table and
-- retention eats from the beginning. A message's deliveries have the numbers from `first_delivery` on.
CREATE TABLE messages (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization INTEGER NOT NULL,
  project INTEGER,
  action TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  first_delivery INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  variants INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;

CREATE TABLE message_variants (
  message INTEGER NOT NULL,
  name TEXT NOT NULL,
  payload BLOB NOT NULL,
  UNIQUE (message, name)
) STRICT;

-- `status`: 0 pending, 1 delivered, 2 failed, 3 cancelled. `due` is NULL once it is finished. `fence` is the greatest one
-- known to have been given, `generation` that of the state when this was written.
CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization INTEGER NOT NULL,
  webhook INTEGER NOT NULL,
  message INTEGER NOT NULL,
  project INTEGER,
  action TEXT NOT NULL,
  form TEXT NOT NULL,
  status INTEGER NOT NULL,
  test INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  due INTEGER,
  attempts INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  last_status INTEGER,
  last_code TEXT
) STRICT;
CREATE INDEX deliveries_that_ended_badly ON deliveries (organization, id) WHERE status IN (2, 3);

-- The lists that filters walk. Rows are added in bulk (see list-index.ts): one by one, each delivery would write a page of
-- its own in both.
CREATE TABLE deliveries_of_organization (
  organization INTEGER NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries_of_webhook (
  webhook INTEGER NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (webhook, id)
) STRICT, WITHOUT ROWID;

-- `key` is the delivery's number times 65536 plus the attempt's fence: one b-tree, and a delivery's attempts side by side.
CREATE TABLE attempts (
  key INTEGER PRIMARY KEY,
  attempt TEXT NOT NULL
) STRICT;

-- The hot table: what waits or is under way. `rank` orders a webhook's deliveries: by due time, or, where the webhook is
-- ordered, 0 for all, which leaves the order of ids.
CREATE TABLE due (
  webhook INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  delivery TEXT NOT NULL,
  due INTEGER NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (webhook, rank, delivery)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  organization INTEGER NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  answer TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (organization, key)
) STRICT;
CREATE INDEX idempotency_keys_by_end ON idempotency_keys (expires_at);

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_of_organization ON tokens (organization, id);
