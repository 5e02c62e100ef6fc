-- A subscription of a person's own: it is told what its person sees, and ends with its person.
alter table subscription add column person integer references person on delete cascade;
create index on subscription (person) where person is not null;

create trigger rights_wish_made after insert on subscription
    for each row when (new.person is not null) execute function move_rights_of_row();
create trigger rights_wish_changed after update on subscription
    for each row when (new.person is distinct from old.person) execute function move_rights_of_row();
create trigger rights_wish_gone after delete on subscription
    for each row when (old.person is not null) execute function move_rights_of_row();

-- Goes by the cascade too, where no statement of ours counts the head up.
create function move_subscriptions() returns trigger language plpgsql as $$
begin
    update subscription_head set revision = revision + 1;
    return null;
end $$;
create trigger wish_gone after delete on subscription
    for each row when (old.person is not null) execute function move_subscriptions();

-- Who sees it by a group would read what only its person may.
create function refuse_personal() returns trigger language plpgsql as $$
begin
    if exists (select from subscription where key = new.subscription and person is not null) then
        raise exception 'a subscription of a person is in no group' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger group_subscription_shared before insert on group_subscription
    for each row execute function refuse_personal();

-- The second person need be in no group: the number of people is part of what is read with the rights.
drop trigger rights_owner_made on person;
create trigger rights_person_made after insert on person
    for each row execute function move_rights_of_row();
