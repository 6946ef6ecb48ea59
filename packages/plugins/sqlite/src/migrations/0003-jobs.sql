-- Long work that was asked for. `request` is JSON; `cursor` says where the next step begins, `version` fences it.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  organization INTEGER NOT NULL,
  webhook INTEGER NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL,
  state TEXT NOT NULL,
  error TEXT,
  total INTEGER,
  examined INTEGER NOT NULL,
  queued INTEGER NOT NULL,
  created INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER,
  cursor TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_of_organization ON jobs (organization, id);
CREATE INDEX jobs_under_way ON jobs (organization, updated_at, id) WHERE finished_at IS NULL;
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Deliveries that came later than their message's others, and so have numbers of their own: the message is kept for them.
-- Where retention has removed one, `delivery` is null: the row stays as long as the message, so that nobody adds another.
CREATE TABLE added_deliveries (
  message INTEGER NOT NULL,
  webhook INTEGER NOT NULL,
  delivery INTEGER UNIQUE,
  PRIMARY KEY (message, webhook)
) STRICT;

CREATE INDEX deliveries_of_webhook_that_ended_badly ON deliveries (webhook, id) WHERE status IN (2, 3);

-- What 256 numbers in a row are about, so that a search passes over those that hold nothing it looks for. `scopes` holds
-- what occurs, between commas: `,1 12/TASKS_CREATED@1,2 /TASKS_CREATED@2,` is organization 1 with project 12, and
-- organization 2 with none; it stands at both ends, so that a project is found without an action and an action without a
-- project. `waits` is 0 where none can be pending. A block of deliveries follows the lists, one of messages is written when
-- it is full.
CREATE TABLE delivery_blocks (
  block INTEGER PRIMARY KEY,
  first_id TEXT NOT NULL,
  last_id TEXT NOT NULL,
  first_created INTEGER NOT NULL,
  last_created INTEGER NOT NULL,
  waits INTEGER NOT NULL,
  scopes TEXT NOT NULL
) STRICT;
CREATE INDEX delivery_blocks_by_last_id ON delivery_blocks (last_id);
CREATE TABLE message_blocks (
  block INTEGER PRIMARY KEY,
  first_created INTEGER NOT NULL,
  last_created INTEGER NOT NULL,
  organizations TEXT NOT NULL
) STRICT;

INSERT INTO delivery_blocks
  SELECT (number - 1) / 256, min(id), max(id), min(created_at), max(created_at), max(status = 0),
    ',' || group_concat(DISTINCT organization || ' ' || coalesce(project, '') || '/' || action || '@' || organization) || ','
  FROM deliveries WHERE number <= (SELECT listed_to FROM state) GROUP BY 1;
INSERT INTO message_blocks
  SELECT (number - 1) / 256, min(created_at), max(created_at), ',' || group_concat(DISTINCT organization) || ','
  FROM messages WHERE number <= (SELECT coalesce(max(number), 0) / 256 * 256 FROM messages) GROUP BY 1;
