-- Signing secrets of webhooks that have some, as a JSON array, newest first.
CREATE TABLE webhook_secrets (
  webhook INTEGER PRIMARY KEY,
  secrets TEXT NOT NULL
) STRICT;

-- From here on a stored value that begins like a sealed one is one. What stood here before was stored as it was given:
-- `hw0.` marks one that only looks sealed.
UPDATE webhooks
SET headers = (
  SELECT json_group_object(key, CASE WHEN value GLOB 'hw[0-9]*.*' THEN 'hw0.' || value ELSE value END)
  FROM json_each(webhooks.headers)
)
WHERE headers LIKE '%"hw%';
