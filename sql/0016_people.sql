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

-- A person's own device is seen by nobody else, until its person puts it into a group.
alter table device add column person integer references person on delete set null;
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
