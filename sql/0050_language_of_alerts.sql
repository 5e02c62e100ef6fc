-- In which language what a subscription says is written; null: that of its reader, where one is known. Else that of who
-- made it: `made_in`.
alter table subscription
    add column language text check (language in ('en', 'de')),
    add column made_in text check (made_in in ('en', 'de'));
