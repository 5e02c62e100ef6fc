-- What is left to erase of a person and of devices that are gone: where others' rows name them. A row goes when it is done.
create table erasure (
    id integer generated always as identity primary key,
    person integer,
    email text,
    name text,
    devices text[] not null default '{}',
    wanted_at timestamptz not null default now()
);

-- The audit stays as it is, but for what a row names of who is erased: that becomes the word erased, or nothing.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and current_setting('tracker.erasing', true) = 'yes' then
        if to_jsonb(new) - '{object,address,detail}'::text[] = to_jsonb(old) - '{object,address,detail}'::text[]
           and new.object in (old.object, 'erased')
           and (new.address is null or new.address = old.address) and (new.detail is null or new.detail = old.detail) then
            return new;
        end if;
    end if;
    raise exception 'the table % is only added to', tg_table_name using errcode = 'insufficient_privilege';
end $$;
