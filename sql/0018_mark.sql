-- What a batch begins with, as one call that raises, so that it can travel in one message with the COPY behind it.
-- is_current: whether all that the batch was folded by is still so; see tracker/store/ownership.py, which asks.
create function mark_batch(of_owner uuid, number bigint, lasts interval, is_current boolean) returns void
language plpgsql as $$
begin
    update owner set batch = number, expires_at = now() + lasts where id = of_owner and not fenced;
    if not found then
        raise exception 'the owner is fenced' using errcode = 'TR001';
    end if;
    if not is_current then
        raise exception 'what decides has changed' using errcode = 'TR002';
    end if;
end
$$;
