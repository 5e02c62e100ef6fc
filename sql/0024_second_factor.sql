-- What a person signs in by, and how often that has changed: a sign-in that was proven by what is another by now opens
-- nothing. Counted by triggers, so that no statement can leave it out.
alter table person add column ways integer not null default 0;
create function count_password() returns trigger language plpgsql as $$
begin
    new.ways := old.ways + 1;
    return new;
end $$;
create trigger ways_password before update on person
    for each row when (new.password is distinct from old.password) execute function count_password();

create function count_ways() returns trigger language plpgsql as $$
begin
    update person set ways = ways + 1 where key = coalesce(new.person, old.person);
    return null;
end $$;

-- Codes of an authenticator app (RFC 6238), asked for beside the password. The secret is readable, for codes are made of it.
create table second_factor (
    person integer primary key references person on delete cascade,
    secret bytea not null,
    made_at timestamptz not null default now(),
    is_on boolean not null default false, -- false: shown, and not yet confirmed by a code
    last_step bigint not null default -1, -- of the code used last; neither it nor an older one is taken again
    failures integer not null default 0 -- wrong codes since the last right one
);
create trigger ways_factor after update on second_factor
    for each row when (new.is_on <> old.is_on) execute function count_ways();
create trigger ways_factor_gone after delete on second_factor
    for each row when (old.is_on) execute function count_ways();

-- For who has lost the app; each works once.
create table recovery_code (
    hash bytea primary key check (length(hash) = 32),
    person integer not null references second_factor on delete cascade
);
create index on recovery_code (person);
