-- How often a device that reports by an app usually does, by the hour of the day (UTC): learned once a day.
create table device_rhythm (
    device integer primary key references device on delete cascade,
    gaps real[] not null check (cardinality(gaps) = 24), -- s, the median of 14 days; null: too little is known
    learned_at timestamptz not null default now()
);
create index on device_rhythm (learned_at);

alter table transition drop constraint transition_kind_check;
alter table transition add constraint transition_kind_check check (
    kind in ('enter', 'exit', 'cross', 'dwell', 'speeding', 'release', 'offline', 'online', 'near', 'apart', 'absent',
             'present', 'battery_low', 'frozen', 'silent'));
