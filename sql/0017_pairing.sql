-- Codes that a phone shows once to become a device: what it gets for one is the device's token.
create table pairing (
    hash bytea primary key check (length(hash) = 32),
    device integer not null references device on delete cascade,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index on pairing (device);
