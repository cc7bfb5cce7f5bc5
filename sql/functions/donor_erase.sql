-- SPDX-License-Identifier: Apache-2.0
-- Erases a person who gave: everything that names them goes, the books stay.

-- Takes the donor off pledges and off all that hangs on them. Each change of a pledge is
-- an event (pledge.donor_erased), by which the read model erases the gift too. Internal:
-- the caller holds the pledges, none of which has money under way.
CREATE OR REPLACE FUNCTION careforall.pledges_erase(ids uuid[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  UPDATE careforall.pledges p
  SET donor_name = 'erased', donor_email = 'erased@erased.invalid', display = 'none', message = ''
  WHERE p.id = ANY (ids)
    AND (p.donor_email, p.display, p.message) <> ('erased@erased.invalid', 'none', '');
  UPDATE careforall.refund_requests q SET message = 'erased', note = '' WHERE q.pledge_id = ANY (ids);
  UPDATE careforall.refund_proposals q SET note = '' WHERE q.pledge_id = ANY (ids) AND q.note <> '';
  DELETE FROM careforall.news_consents n WHERE n.pledge_id = ANY (ids);
  UPDATE careforall.inbox i SET payload = NULL WHERE i.pledge_id = ANY (ids);
  UPDATE careforall.payment_dead_letters d SET message = '' WHERE d.pledge_id = ANY (ids);
  UPDATE careforall.outbox_parked e
  SET data = (e.data::jsonb || '{"display": "none", "name": null, "message": null}')::json
  WHERE e.aggregate_id = ANY (ids) AND e.data::jsonb ?| ARRAY['name', 'message'];
END
$$;

-- The person is named by the e-mail address of a pledge or an account. What becomes of
-- each kind of data is a row of the result, with dry_run as well, which changes nothing:
--   pledges: name, address and message are replaced; amounts, states, history, receipts'
--     references and totals stay;
--   requests for refunds: what the donor wrote;
--   consents to news: all of them, given and withdrawn;
--   provider events: their payload;
--   dead letters: the words of the provider;
--   parked events: name and words, also of those that are published later;
--   waiting lists: the entries go;
--   export files: those of the same campaigns, whole, also those that are being made;
--   account: address, name and password go, it can never log in, its sessions end.
-- Not touched, because they end by themselves: events in the outbox (its retention) and on
-- the stream (its max_age), which hold no more than the public saw; copies of answers in
-- Redis, which hold neither name nor address.
--
-- Refused while money is under way, and for an account that others depend on.
CREATE OR REPLACE FUNCTION careforall.donor_erase(
  email text, reason text, dry_run boolean DEFAULT true)
RETURNS TABLE (what text, how_many bigint, becomes text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why     text := careforall.reason_check(donor_erase.reason);
  person  careforall.accounts;
  ids     uuid[];
  waits   uuid[];
  waiting bigint;
  held    text;
  files   uuid[];
BEGIN
  SELECT * INTO person FROM careforall.accounts a
  WHERE lower(a.email) = lower(btrim(donor_erase.email)) FOR UPDATE;

  -- In the order of ids, as everything that locks several pledges does.
  SELECT array_agg(l.id) INTO ids FROM (
    SELECT p.id FROM careforall.pledges p
    WHERE lower(p.donor_email) = lower(btrim(donor_erase.email)) OR p.account_id = person.id
       OR p.id IN (SELECT k.pledge_id FROM careforall.pledge_claims k WHERE k.account_id = person.id)
    ORDER BY p.id FOR NO KEY UPDATE) l;
  SELECT array_agg(w.id) INTO waits FROM careforall.waiting_entries w
  WHERE lower(w.email) = lower(btrim(donor_erase.email)) OR w.account_id = person.id;
  IF ids IS NULL AND person.id IS NULL AND waits IS NULL THEN
    RAISE EXCEPTION 'nobody has given, registered or waited with this address'
      USING ERRCODE = 'PL005',
            HINT = 'careforall.donor_reveal() shows the address of a pledge.';
  END IF;

  SELECT count(*) INTO waiting FROM careforall.pledges p
  WHERE p.id = ANY (ids) AND (p.state = 'pending' OR EXISTS (
    SELECT FROM careforall.refunds r WHERE r.pledge_id = p.id AND r.state = 'requested'));
  IF waiting > 0 THEN
    RAISE EXCEPTION 'cannot erase the donor: % of their pledges have money under way', waiting
      USING ERRCODE = 'PL002',
            HINT = 'Cancel what is pending (careforall.pledge_cancel()) and wait for refunds, then erase.';
  END IF;
  SELECT CASE WHEN person.role <> 'donor' THEN format('it is an account of an %s', person.role)
      WHEN EXISTS (SELECT FROM careforall.campaigns c WHERE c.owner_id = person.id)
        THEN 'it owns campaigns'
      WHEN EXISTS (SELECT FROM careforall.campaign_members m WHERE m.account_id = person.id)
        THEN 'it is in the team of a campaign' END INTO held
  WHERE person.id IS NOT NULL;
  IF held IS NOT NULL THEN
    RAISE EXCEPTION 'cannot erase the account: %', held
      USING ERRCODE = 'PL002',
            HINT = 'Hand campaigns and teams over, make it a donor, then erase.';
  END IF;

  what := 'pledges'; becomes := 'erased donor, no message, shown to nobody';
  SELECT count(*) INTO how_many FROM unnest(ids);
  RETURN NEXT;

  what := 'requests for refunds'; becomes := 'what was written is erased';
  SELECT count(*) INTO how_many FROM careforall.refund_requests r WHERE r.pledge_id = ANY (ids);
  RETURN NEXT;

  what := 'consents to news'; becomes := 'deleted';
  SELECT count(*) INTO how_many FROM careforall.news_consents n WHERE n.pledge_id = ANY (ids);
  RETURN NEXT;

  what := 'provider events'; becomes := 'payload is erased';
  SELECT count(*) INTO how_many FROM careforall.inbox i
  WHERE i.pledge_id = ANY (ids) AND i.payload IS NOT NULL;
  RETURN NEXT;

  what := 'dead letters'; becomes := 'words of the provider are erased';
  SELECT count(*) INTO how_many FROM careforall.payment_dead_letters d
  WHERE d.pledge_id = ANY (ids) AND d.message <> '';
  RETURN NEXT;

  what := 'parked events'; becomes := 'name and message are erased';
  SELECT count(*) INTO how_many FROM careforall.outbox_parked e
  WHERE e.aggregate_id = ANY (ids) AND (e.data ->> 'name' IS NOT NULL OR e.data ->> 'message' IS NOT NULL);
  RETURN NEXT;

  what := 'waiting lists'; becomes := 'taken off';
  SELECT count(*) INTO how_many FROM unnest(waits);
  RETURN NEXT;

  what := 'export files'; becomes := 'removed; export again';
  SELECT COALESCE(array_agg(t.id), '{}') INTO files FROM careforall.tasks t
  WHERE t.kind = 'pledge_export'
    AND t.campaign_id IN (SELECT p.campaign_id FROM careforall.pledges p WHERE p.id = ANY (ids))
    AND (t.finished_at IS NULL OR EXISTS (SELECT FROM careforall.task_parts f WHERE f.task_id = t.id));
  how_many := cardinality(files);
  RETURN NEXT;

  IF NOT dry_run THEN
    PERFORM careforall.pledges_erase(ids);
    DELETE FROM careforall.waiting_entries w WHERE w.id = ANY (waits);
    PERFORM careforall.task_files_remove(files);
  END IF;

  what := 'account'; becomes := 'disabled, without address, name and password';
  how_many := (person.id IS NOT NULL)::integer;
  IF NOT dry_run AND person.id IS NOT NULL THEN
    DELETE FROM careforall.sessions s WHERE s.account_id = person.id;
    PERFORM careforall.second_factor_drop(person.id);
    DELETE FROM careforall.login_failures f WHERE f.email_hash = careforall.login_key(person.email);
    UPDATE careforall.accounts a
    SET email = format('%s@erased.invalid', a.id), name = 'erased', pepper_id = '',
      password_hash = '$argon2id$v=19$erased', disabled_at = COALESCE(a.disabled_at, careforall.clock()),
      version = a.version + 1, updated_at = careforall.clock()
    WHERE a.id = person.id;
  END IF;
  RETURN NEXT;

  IF NOT dry_run THEN
    PERFORM careforall.audit_add('donor.erase', 'donor', COALESCE(person.id, ids[1], waits[1])::text, why,
      jsonb_build_object('pledges', COALESCE(cardinality(ids), 0), 'account', person.id IS NOT NULL));
  END IF;
END
$$;

COMMENT ON FUNCTION careforall.pledges_erase(uuid[]) IS
  'Takes the donor off pledges and off all that hangs on them.';
COMMENT ON FUNCTION careforall.donor_erase(text, text, boolean) IS
  'Erases everything that names the donor with this e-mail address; amounts, history and totals stay. Reason required, audited; dry_run (the default) only says what would be erased.';
