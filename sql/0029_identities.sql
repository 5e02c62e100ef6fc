-- Who a person is at an OpenID Connect provider. By the subject, which the provider gives to nobody else, ever; never by an
-- e-mail address, which it may give to another tomorrow, or never have looked at.
create table identity (
    id integer generated always as identity primary key,
    person integer not null references person on delete cascade,
    issuer text not null check (length(issuer) <= 500),
    subject text not null check (length(subject) between 1 and 255),
    shown text not null default '' check (length(shown) <= 254), -- by which its person knows it
    made_at timestamptz not null default now(),
    used_at timestamptz,
    unique (issuer, subject)
);
create index on identity (person);
create trigger ways_identity_gone after delete on identity for each row execute function count_ways();
