-- What an owner that gives its partitions up by itself knows of how long it listened: the epoch of the lease, then the
-- clocks, in µs. It is good for the next epoch only. See tracker/ingest/silences.py.
alter table lease add column listened bigint[];
