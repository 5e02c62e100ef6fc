-- People, and the groups that say who may see what. An installation of one person has no row in any of these tables.
create table person (
    key integer generated always as identity primary key,
    email text not null check (length(email) between 3 and 254),
    name text not null check (length(name) between 1 and 200),
    password text, -- argon2id in its own notation; null: this person signs in another way
    is_owner boolean not null default false, -- of the installation
    made_at timestamptz not null default now()
);
create unique index on person (lower(email));

-- Groups (the word alone is one of SQL) never change what is decided, only who sees it and who is told.
create table rights_group (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text not null check (length(name) between 1 and 200),
    made_at timestamptz not null default now()
);

create table group_person (
    in_group integer not null references rights_group on delete cascade,
    person integer not null references person on delete cascade,
    role text not null check (role in ('viewer', 'dispatcher', 'manager')),
    primary key (in_group, person)
);
create index on group_person (person);

create table group_device (
    in_group integer not null references rights_group on delete cascade,
    device integer not null references device on delete cascade,
    primary key (in_group, device)
);
create index on group_device (device);

create table group_geofence (
    in_group integer not null references rights_group on delete cascade,
    geofence integer not null references geofence on delete cascade,
    primary key (in_group, geofence)
);
create index on group_geofence (geofence);

create table group_subscription (
    in_group integer not null references rights_group on delete cascade,
    subscription integer not null references subscription on delete cascade,
    primary key (in_group, subscription)
);
create index on group_subscription (subscription);

-- A person's own device is seen by nobody else, until its person puts it into a group. It goes with its person, and before:
-- a device that lost its person would be everybody's.
alter table device add column person integer references person on delete restrict;
create index on device (person) where person is not null;

-- Tokens of a group: `in_group` null means everything that is not private.
alter table token drop constraint token_kind_check;
alter table token add constraint token_kind_check check (kind in ('device', 'viewer', 'dispatcher', 'manager', 'admin'));
alter table token add column in_group integer references rights_group on delete cascade;
alter table token add column expires_at timestamptz;

-- Moves with every change of who may see what, so that a batch can say by which rights it has to be shown.
create table rights_head (
    single boolean primary key default true check (single),
    revision bigint not null default 0
);
insert into rights_head default values;

-- Who holds the cookie: a token's bearer, or a person who signed in. Neither: the operator's token, which has no row.
alter table session add column id integer generated always as identity unique;
alter table session add column person integer references person on delete cascade;
alter table session add column seen_at timestamptz not null default now();
alter table session add column address text;
alter table session add column program text; -- what the browser calls itself
alter table session add check (token is null or person is null);
create index on session (person) where person is not null;

-- Whoever sees a row of a session go, by signing out, by a new password or with its person, ends that session's sockets.
create function tell_session_ended() returns trigger language plpgsql as $$
begin
    perform pg_notify('tracker_session', old.id::text);
    return null;
end $$;
create trigger session_ended after delete on session for each row execute function tell_session_ended();

-- What was sent to somebody who is to join: the code stands in the link, and here by its hash. It is worth what the one who
-- invites may still do when it is used: `by_person`, or the token `by_token`; neither: the operator's own.
create table invitation (
    hash bytea primary key check (length(hash) = 32),
    email text not null check (length(email) between 3 and 254),
    in_group integer not null references rights_group on delete cascade,
    role text not null check (role in ('viewer', 'dispatcher', 'manager')),
    by_person integer references person on delete cascade,
    by_token integer references token on delete cascade,
    made_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index on invitation (expires_at);

create table password_reset (
    hash bytea primary key check (length(hash) = 32),
    person integer not null references person on delete cascade,
    expires_at timestamptz not null
);
create index on password_reset (person);

-- Who did what to what, when and from where. People are named by their numbers: names and addresses end with the person.
create table audit (
    number bigint primary key, -- without gaps, in the order of commit
    at timestamptz not null default clock_timestamp(),
    person integer, -- who: a person, or the token; neither: the operator's own, or the command line
    token integer,
    address text, -- null: on the machine itself
    deed text not null check (deed ~ '^[a-z_]+\.[a-z_]+$'),
    object text not null check (length(object) <= 254), -- to what or whom
    in_group integer, -- of which group, for its managers
    detail jsonb
);
create index on audit (in_group, number) where in_group is not null;
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the table % is only added to', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger audit_stays before update or delete on audit for each row execute function refuse_change();
create trigger audit_stays_whole before truncate on audit for each statement execute function refuse_change();
