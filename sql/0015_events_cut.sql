-- Whoever cuts old events, by hand or by a job, need tell nobody: servers hold the oldest number that is still there, and look
-- again when they hear this.
create function notify_events_cut() returns trigger language plpgsql as $$
begin
    perform pg_notify('tracker_events_cut', '0');
    return null;
end $$;
create trigger cut after delete on event for each statement execute function notify_events_cut();
create trigger emptied after truncate on event for each statement execute function notify_events_cut();
