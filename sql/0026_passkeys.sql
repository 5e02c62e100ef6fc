-- Passkeys (WebAuthn): what a person's device or browser signs in with. The private key never leaves it.
create table passkey (
    id integer generated always as identity primary key,
    person integer not null references person on delete cascade,
    credential bytea not null unique check (length(credential) between 1 and 1023),
    public_key bytea not null, -- COSE
    sign_count bigint not null, -- 0 where the device does not count; else one that does not grow was copied
    site text not null, -- the host it works at
    name text not null check (length(name) between 1 and 200),
    made_at timestamptz not null default now(),
    used_at timestamptz
);
create index on passkey (person);
create trigger ways_passkey_gone after delete on passkey for each row execute function count_ways();
