-- The audit log cannot be changed, and a change by somebody who can switch triggers off shows. Each entry has a link
-- that contains the hash of the link before it.
CREATE TABLE audit_chain (
  position bigint PRIMARY KEY,
  audit_id bigint NOT NULL UNIQUE,
  hash bytea NOT NULL
);

-- What an entry is, byte by byte: jsonb has one spelling, and the time is in microseconds whatever the session's zone.
CREATE FUNCTION audit_hash(previous bytea, entry audit_log) RETURNS bytea
LANGUAGE sql STABLE AS $$
  SELECT sha256(previous || convert_to(jsonb_build_array(
    entry.id, (extract(epoch FROM entry.at) * 1000000)::bigint, entry.actor, entry.action, entry.target, entry.detail
  )::text, 'UTF8'))
$$;

CREATE FUNCTION audit_append(entry audit_log) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  tail audit_chain;
BEGIN
  SELECT * INTO tail FROM audit_chain ORDER BY position DESC LIMIT 1;
  INSERT INTO audit_chain (position, audit_id, hash)
  VALUES (coalesce(tail.position, 0) + 1, entry.id, audit_hash(coalesce(tail.hash, ''), entry));
END $$;

-- At commit, when the transaction waits for nothing else: whoever writes holds the chain only as long as a commit takes,
-- and two that wait for each other cannot come about.
CREATE FUNCTION audit_link() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('yumops.audit_chain', 0));
  PERFORM audit_append(NEW);
  RETURN NULL;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;

SELECT count(audit_append(entry)) FROM (SELECT a FROM audit_log a ORDER BY id) AS entries (entry);

CREATE CONSTRAINT TRIGGER audit_link AFTER INSERT ON audit_log
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_link();
CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain EXECUTE FUNCTION audit_refuse();
