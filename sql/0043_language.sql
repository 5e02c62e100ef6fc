-- In which language letters and pushes to this person are written; null: nobody has said.
alter table person add column language text check (language in ('en', 'de'));

-- Who sends alerts has read the subscriptions with it.
create function tell_language() returns trigger language plpgsql as $$
begin
    update subscription_head set revision = revision + 1;
    return null;
end $$;
create trigger tell_language after update of language on person
    for each row when (old.language is distinct from new.language) execute function tell_language();
