-- What somebody looks at again and again, under a name: filters, layers and a place of the map, as the page's address says them.
create table saved_view (
    id integer generated always as identity primary key,
    person integer not null references person on delete cascade,
    name text not null check (length(name) between 1 and 200),
    address text not null check (length(address) <= 2000), -- as behind the ? of the page
    made_at timestamptz not null default now(),
    unique (person, name)
);
