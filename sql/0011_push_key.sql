-- The private key that push services know this installation by. Browsers are subscribed to its public half, so it is made
-- once and kept.
alter table installation add column push_key bytea check (length(push_key) = 32);
