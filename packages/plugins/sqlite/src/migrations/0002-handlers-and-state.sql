-- How many durable handlers led to a message.
ALTER TABLE messages ADD COLUMN hops INTEGER NOT NULL DEFAULT 0;

-- Durable handlers. A handler stands in a webhook's place in `deliveries` and `due`; its ids count down from -1, so that the
-- two are never mixed up. None is removed: its deliveries are told under its name as long as they are kept.
CREATE TABLE handlers (
  id INTEGER PRIMARY KEY,
  plugin TEXT NOT NULL,
  name TEXT NOT NULL,
  concurrency INTEGER NOT NULL,
  ordered INTEGER NOT NULL,
  UNIQUE (plugin, name)
) STRICT;

-- What plugins remember. A write replaces its row, and so gets a version that was never used before.
CREATE TABLE plugin_state (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  organization INTEGER NOT NULL,
  plugin TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (organization, plugin, key)
) STRICT;
