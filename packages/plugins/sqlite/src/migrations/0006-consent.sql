-- Whether a webhook's receiver is asked for consent, and how many deliveries a minute it allowed then.
ALTER TABLE webhooks ADD COLUMN handshake INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN allowed_rate INTEGER;
