-- Until when receivers asked to be left alone. A row may be over: it goes when the webhook is edited or deleted.
CREATE TABLE webhook_pauses (
  webhook INTEGER PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT;

-- What is to be told as an event, as JSON. No id is used again: an event that was matched for one must not take another away.
CREATE TABLE notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization INTEGER NOT NULL,
  webhook INTEGER NOT NULL,
  at INTEGER NOT NULL,
  fact TEXT NOT NULL
) STRICT;
