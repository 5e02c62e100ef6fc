-- Which process folds which devices. Devices hash to 64 partitions; a lease gives a partition to an owner, with an epoch.
-- Every batch updates its owner's row in its own transaction, so a batch of an owner that lost its place cannot commit,
-- and an owner that lost the reply to a commit can read whether it happened.
create table owner (
    id uuid primary key,
    epoch bigint generated always as identity,
    batch bigint not null default 0,
    fenced boolean not null default false,
    expires_at timestamptz not null,
    name text not null
) with (fillfactor = 20); -- rewritten with each batch: leave room to do it in place

create table lease (
    partition smallint primary key check (partition between 0 and 63),
    owner uuid references owner,
    epoch bigint not null default 0,
    checkpoint timestamptz not null default '-infinity' -- positions hold every fix received up to here
);
insert into lease (partition) select generate_series(0, 63);

-- The newest accepted fix of each device, with the state that advance() goes on from. Written at checkpoints only.
create table position (
    device integer primary key references device on delete cascade,
    at timestamptz,
    received_at timestamptz,
    place geometry(Point, 4326),
    state jsonb not null,
    boot text, -- how far the device's stream is known to be stored; see Progress
    acked bigint
);
create index position_place on position using gist (place);
