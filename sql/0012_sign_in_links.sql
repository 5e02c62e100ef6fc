-- Links that sign a browser in, once and for a time: how the first person gets in. Kept after their use, for they say that
-- somebody is in already.
create table sign_in_link (
    hash bytea primary key check (length(hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
