-- SPDX-License-Identifier: Apache-2.0
-- Campaigns made and edited through the API.
--
-- The members that can be edited form one document. A patch is merged into it
-- (RFC 7396), the whole is checked, and what differs is written in one update.

-- A slug made of a title: letters without their marks, digits, hyphens.
CREATE OR REPLACE FUNCTION careforall.slug_of(title text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN COALESCE(NULLIF(btrim(left(regexp_replace(
    lower(regexp_replace(normalize(title, NFKD), '[\u0300-\u036f''’]', '', 'g')),
    '[^a-z0-9]+', '-', 'g'), 70), '-'), ''), 'campaign');

-- The members of a campaign that can be edited.
CREATE OR REPLACE FUNCTION careforall.campaign_content(campaign careforall.campaigns)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT jsonb_build_object(
    'slug', campaign.slug,
    'title', campaign.title,
    'summary', campaign.summary,
    'story', campaign.story,
    'category', campaign.category,
    'image_alt', campaign.image_alt,
    'owner', jsonb_build_object('name', campaign.owner_name),
    'goal', careforall.json_money(campaign.goal_minor, campaign.currency),
    'cap', careforall.json_money(campaign.cap_minor, campaign.currency),
    'min_pledge', careforall.json_money(campaign.min_pledge_minor, campaign.currency),
    'max_pledge', careforall.json_money(campaign.max_pledge_minor, campaign.currency),
    'refund_releases', campaign.refund_releases,
    'starts_at', careforall.json_time(campaign.starts_at),
    'ends_at', careforall.json_time(campaign.ends_at),
    'news_offered', campaign.news_offered)
$$;

-- What members are that were not given, or were removed.
CREATE OR REPLACE FUNCTION careforall.campaign_content_default(currency text)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT jsonb_build_object('summary', '', 'story', '', 'image_alt', '', 'cap', NULL,
    'max_pledge', NULL, 'refund_releases', true, 'ends_at', NULL, 'news_offered', false,
    'starts_at', careforall.json_time(careforall.clock()),
    'min_pledge', careforall.json_money(
      (10 ^ careforall.currency_exponent(campaign_content_default.currency))::bigint,
      campaign_content_default.currency))
$$;

-- The errors of the whole.
CREATE OR REPLACE FUNCTION careforall.campaign_content_check(content jsonb, currency text)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  errors jsonb := careforall.json_text_check(content, '/title', 1, 140)
    || careforall.json_text_check(content, '/summary', 0, 300)
    || careforall.json_text_check(content, '/story', 0, 20000, true)
    || careforall.json_text_check(content, '/image_alt', 0, 200)
    || careforall.json_text_check(content, '/owner/name', 1, 120)
    || careforall.json_money_check(content, '/goal', 1, currency)
    || careforall.json_money_check(content, '/cap', 0, currency, true)
    || careforall.json_money_check(content, '/min_pledge', 1, currency)
    || careforall.json_money_check(content, '/max_pledge', 1, currency, true)
    || careforall.json_time_check(content, '/starts_at')
    || careforall.json_time_check(content, '/ends_at', true);
BEGIN
  IF COALESCE(content ->> 'slug', '') !~ '^[a-z0-9]+(-[a-z0-9]+)*$' OR char_length(content ->> 'slug') > 80
     OR content ->> 'slug' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    errors := errors || careforall.json_error('/slug', 'invalid_slug',
      'Must have 1 to 80 small letters and digits with single hyphens between them, and not be a UUID.');
  END IF;
  IF COALESCE(content ->> 'category', '') !~ '^[a-z]+(_[a-z]+)*$' OR char_length(content ->> 'category') > 40 THEN
    errors := errors || careforall.json_error('/category', 'invalid_category',
      'Must have 1 to 40 small letters with single underscores between them.');
  END IF;
  IF jsonb_typeof(content -> 'owner') = 'object' AND (content -> 'owner') - 'name' <> '{}' THEN
    errors := errors || careforall.json_error('/owner', 'unknown_member', 'Must have the member name only.');
  END IF;
  errors := errors || (
    SELECT COALESCE(jsonb_agg(e), '[]')
    FROM unnest(ARRAY['refund_releases', 'news_offered']) AS f (name),
      jsonb_array_elements(careforall.json_error('/' || f.name, 'boolean_required', 'Must be true or false.')) AS e
    WHERE jsonb_typeof(content -> f.name) IS DISTINCT FROM 'boolean');
  IF errors = '[]' THEN
    IF (content #>> '{max_pledge,amount}')::bigint < (content #>> '{min_pledge,amount}')::bigint THEN
      errors := careforall.json_error('/max_pledge', 'below_min_pledge', 'Must not be below min_pledge.');
    END IF;
    IF careforall.json_time_parse(content ->> 'ends_at') <= careforall.json_time_parse(content ->> 'starts_at') THEN
      errors := errors || careforall.json_error('/ends_at', 'before_start', 'Must be after starts_at.');
    END IF;
  END IF;
  RETURN errors;
END
$$;

-- Members that a campaign in this state keeps for ever, if they were changed.
CREATE OR REPLACE FUNCTION careforall.campaign_content_fixed(changed text[], state text)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(jsonb_agg(e ORDER BY c.name), '[]')
  FROM unnest(changed) AS c (name),
    jsonb_array_elements(CASE
      WHEN campaign_content_fixed.state <> 'draft' AND c.name IN ('slug', 'refund_releases')
        THEN careforall.json_error('/' || c.name, 'fixed', 'Cannot change once the campaign is published.')
      WHEN campaign_content_fixed.state = 'closed'
           AND c.name IN ('goal', 'cap', 'min_pledge', 'max_pledge', 'starts_at', 'ends_at')
        THEN careforall.json_error('/' || c.name, 'fixed', 'Cannot change once the campaign is closed.')
      ELSE '[]' END) AS e
$$;

-- The row of a campaign with the members that differ put in.
CREATE OR REPLACE FUNCTION careforall.campaign_content_apply(
  campaign careforall.campaigns, content jsonb, changed text[])
RETURNS careforall.campaigns
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY changed LOOP
    CASE name
      WHEN 'slug' THEN campaign.slug := content ->> 'slug';
      WHEN 'title' THEN campaign.title := content ->> 'title';
      WHEN 'summary' THEN campaign.summary := content ->> 'summary';
      WHEN 'story' THEN campaign.story := content ->> 'story';
      WHEN 'category' THEN campaign.category := content ->> 'category';
      WHEN 'image_alt' THEN campaign.image_alt := content ->> 'image_alt';
      WHEN 'owner' THEN campaign.owner_name := content #>> '{owner,name}';
      WHEN 'goal' THEN campaign.goal_minor := content #>> '{goal,amount}';
      WHEN 'cap' THEN campaign.cap_minor := content #>> '{cap,amount}';
      WHEN 'min_pledge' THEN campaign.min_pledge_minor := content #>> '{min_pledge,amount}';
      WHEN 'max_pledge' THEN campaign.max_pledge_minor := content #>> '{max_pledge,amount}';
      WHEN 'refund_releases' THEN campaign.refund_releases := content ->> 'refund_releases';
      WHEN 'news_offered' THEN campaign.news_offered := content ->> 'news_offered';
      WHEN 'starts_at' THEN campaign.starts_at := careforall.json_time_parse(content ->> 'starts_at');
      WHEN 'ends_at' THEN campaign.ends_at := careforall.json_time_parse(content ->> 'ends_at');
    END CASE;
  END LOOP;
  RETURN campaign;
END
$$;

-- POST /campaigns: a draft of the account. Without a slug one is made of the title,
-- with a number behind it if it is taken. What copy_of names gives its rewards, pools
-- and image; all else is what the body says.
CREATE OR REPLACE FUNCTION careforall.campaign_make(actor uuid, body jsonb)
RETURNS TABLE (doc json, etag text, location text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  currency text := body ->> 'currency';
  content  jsonb := body - 'currency' - 'copy_of';
  source   careforall.campaigns;
  made     careforall.campaigns;
  base     text;
  new_id   uuid;
BEGIN
  PERFORM careforall.account_require(campaign_make.actor, 'owner');
  IF currency IS NULL OR currency !~ '^[A-Z]{3}$' OR careforall.currency_exponent(currency) IS NULL THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/currency', 'unknown_currency',
      'Must be the ISO 4217 code of a currency in use, such as EUR.'));
  END IF;
  IF body ? 'copy_of' THEN
    source := careforall.campaign_copy_source(campaign_make.actor, body ->> 'copy_of', currency);
    made.image_url := source.image_url;
  END IF;
  content := careforall.campaign_content_default(currency)
    || jsonb_build_object('image_alt', COALESCE(source.image_alt, ''),
         'owner', jsonb_build_object('name',
           (SELECT a.name FROM careforall.accounts a WHERE a.id = campaign_make.actor)))
    || careforall.json_merge('{}', content);
  IF jsonb_typeof(content -> 'title') = 'string' AND NOT content ? 'slug' THEN
    base := careforall.slug_of(content ->> 'title');
    content := content || jsonb_build_object('slug', base);
  END IF;
  PERFORM careforall.json_errors_raise(careforall.campaign_content_check(content, currency));

  made.currency := currency;
  made.owner_id := campaign_make.actor;
  made := careforall.campaign_content_apply(made, content, ARRAY(SELECT jsonb_object_keys(content)));
  PERFORM careforall.actor_set(campaign_make.actor);
  FOR attempt IN 1 .. 50 LOOP
    IF attempt > 1 THEN
      made.slug := base || '-' || CASE WHEN attempt < 50 THEN attempt::text
        ELSE right(careforall.uuid7()::text, 9) END;
    END IF;
    new_id := careforall.campaign_insert(made, 'made through the API');
    EXIT WHEN new_id IS NOT NULL;
    IF base IS NULL THEN
      RAISE EXCEPTION 'the slug "%" is taken', made.slug USING ERRCODE = 'PL020';
    END IF;
  END LOOP;
  IF source.id IS NOT NULL THEN
    PERFORM careforall.campaign_parts_copy(source, new_id, 'copied through the API');
  END IF;
  RETURN QUERY SELECT r.doc, r.etag, '/api/v1/campaigns/' || new_id || '/manage'
  FROM careforall.campaign_manage_result(campaign_make.actor, new_id) r;
END
$$;

-- PATCH /campaigns/{id}
CREATE OR REPLACE FUNCTION careforall.campaign_edit(
  actor uuid, campaign text, if_match text, patch jsonb)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns :=
    careforall.campaign_of_locked(campaign_edit.actor, campaign_edit.campaign, 'edit');
  before  jsonb := careforall.campaign_content(row_now);
  content jsonb := careforall.campaign_content_default(row_now.currency)
    || careforall.json_merge(before, patch);
  changed text[] := ARRAY(
    SELECT k.name FROM jsonb_object_keys(content || before) AS k (name)
    WHERE content -> k.name IS DISTINCT FROM before -> k.name ORDER BY k.name);
  refused text;
BEGIN
  PERFORM careforall.revision_require(campaign_edit.if_match, row_now.version);
  PERFORM careforall.json_errors_raise(careforall.campaign_content_check(content, row_now.currency));
  PERFORM careforall.json_errors_raise(careforall.campaign_content_fixed(changed, row_now.state));
  IF changed <> '{}' THEN
    BEGIN
      PERFORM careforall.campaign_update(row_now.id,
        careforall.campaign_content_apply(row_now, content, changed));
    EXCEPTION WHEN SQLSTATE 'PL007' THEN
      GET STACKED DIAGNOSTICS refused = PG_EXCEPTION_DETAIL;
      PERFORM careforall.limit_in_use_raise('campaign_cap', row_now.id, refused);
    WHEN unique_violation THEN
      RAISE EXCEPTION 'the slug "%" is taken', content ->> 'slug' USING ERRCODE = 'PL020';
    END;
    PERFORM careforall.audit_add('campaign.edit', 'campaign', row_now.id::text, 'edited through the API',
      (SELECT jsonb_object_agg(c.name, CASE WHEN c.name = 'story' THEN 'null'
         ELSE jsonb_build_array(before -> c.name, content -> c.name) END)
       FROM unnest(changed) AS c (name)));
  END IF;
  RETURN QUERY SELECT r.doc, r.etag
  FROM careforall.campaign_manage_result(campaign_edit.actor, row_now.id) r;
END
$$;

-- POST /campaigns/{id}/publish, pause, resume and close.
CREATE OR REPLACE FUNCTION careforall.campaign_transition(
  actor uuid, campaign text, action text, reason text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns :=
    careforall.campaign_of_locked(campaign_transition.actor, campaign_transition.campaign, 'own');
BEGIN
  PERFORM careforall.json_errors_raise(careforall.json_text_check(
    jsonb_build_object('reason', btrim(campaign_transition.reason)), '/reason', 3, 500));
  PERFORM careforall.campaign_move(row_now.id::text, campaign_transition.action, campaign_transition.reason);
  RETURN QUERY SELECT r.doc, r.etag
  FROM careforall.campaign_manage_result(campaign_transition.actor, row_now.id) r;
END
$$;

COMMENT ON FUNCTION careforall.slug_of(text) IS
  'A slug made of a title.';
COMMENT ON FUNCTION careforall.campaign_content(careforall.campaigns) IS
  'The members of a campaign that can be edited.';
COMMENT ON FUNCTION careforall.campaign_content_default(text) IS
  'What members of a campaign are that are not given.';
COMMENT ON FUNCTION careforall.campaign_content_check(jsonb, text) IS
  'The errors of the members that can be edited.';
COMMENT ON FUNCTION careforall.campaign_content_fixed(text[], text) IS
  'The errors of changing members that a state keeps as they are.';
COMMENT ON FUNCTION careforall.campaign_content_apply(careforall.campaigns, jsonb, text[]) IS
  'The row of a campaign with changed members put in.';
COMMENT ON FUNCTION careforall.campaign_make(uuid, jsonb) IS
  'Makes a draft campaign of an account, also as a copy of one that it owns.';
COMMENT ON FUNCTION careforall.campaign_edit(uuid, text, text, jsonb) IS
  'Merges a patch into a campaign if it still has the revision of If-Match. Audited.';
COMMENT ON FUNCTION careforall.campaign_transition(uuid, text, text, text) IS
  'Publishes, pauses, resumes or closes a campaign of the account. Reason required, audited.';
