-- SPDX-License-Identifier: Apache-2.0
-- The cover image of a campaign. Its bytes have been looked at before they come here:
-- media type and size are what the image itself says.

-- PUT /campaigns/{id}/image. is_new asks that the campaign has none; is_created says
-- whether it had none.
CREATE OR REPLACE FUNCTION careforall.campaign_image_set(
  actor uuid, campaign text, if_match text, is_new boolean, media_type text,
  width integer, height integer, bytes bytea)
RETURNS TABLE (doc json, etag text, location text, is_created boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns :=
    careforall.campaign_of_locked(campaign_image_set.actor, campaign_image_set.campaign, 'edit');
  stored  careforall.campaign_images;
  old_url text := row_now.image_url;
BEGIN
  IF campaign_image_set.is_new AND old_url IS NOT NULL THEN
    RAISE EXCEPTION 'the campaign has an image already' USING ERRCODE = 'PL012';
  ELSIF NOT campaign_image_set.is_new THEN
    PERFORM careforall.revision_require(campaign_image_set.if_match, row_now.version);
  END IF;
  INSERT INTO careforall.campaign_images AS i (sha256, media_type, width, height, bytes)
  VALUES (sha256(campaign_image_set.bytes), campaign_image_set.media_type, campaign_image_set.width,
    campaign_image_set.height, campaign_image_set.bytes)
  ON CONFLICT (sha256) DO UPDATE SET uploaded_at = excluded.uploaded_at
  RETURNING i.sha256, i.media_type, i.width, i.height, NULL::bytea, i.url, i.uploaded_at INTO stored;
  IF stored.url IS DISTINCT FROM old_url THEN
    row_now.image_url := stored.url;
    PERFORM careforall.campaign_update(row_now.id, row_now);
    PERFORM careforall.audit_add('campaign.image_set', 'campaign', row_now.id::text, 'uploaded through the API',
      jsonb_build_object('from', old_url, 'to', stored.url));
  END IF;
  RETURN QUERY SELECT json_build_object(
      'url', stored.url, 'alt', row_now.image_alt, 'media_type', stored.media_type,
      'width', stored.width, 'height', stored.height),
    r.etag, stored.url, old_url IS NULL
  FROM careforall.campaign_manage_result(campaign_image_set.actor, row_now.id) r;
END
$$;

-- DELETE /campaigns/{id}/image
CREATE OR REPLACE FUNCTION careforall.campaign_image_remove(actor uuid, campaign text, if_match text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns :=
    careforall.campaign_of_locked(campaign_image_remove.actor, campaign_image_remove.campaign, 'edit');
  old_url text := row_now.image_url;
BEGIN
  IF old_url IS NULL THEN
    RAISE EXCEPTION 'the campaign has no image' USING ERRCODE = 'PL005';
  END IF;
  PERFORM careforall.revision_require(campaign_image_remove.if_match, row_now.version);
  row_now.image_url := NULL;
  PERFORM careforall.campaign_update(row_now.id, row_now);
  PERFORM careforall.audit_add('campaign.image_remove', 'campaign', row_now.id::text, 'removed through the API',
    jsonb_build_object('from', old_url));
  RETURN QUERY SELECT NULL::json, r.etag
  FROM careforall.campaign_manage_result(campaign_image_remove.actor, row_now.id) r;
END
$$;

-- An image by the last part of its address.
CREATE OR REPLACE FUNCTION careforall.image_find(name text)
RETURNS TABLE (media_type text, bytes bytea)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT i.media_type, i.bytes
  FROM careforall.campaign_images i
  WHERE i.url = '/api/v1/images/' || image_find.name
$$;

COMMENT ON FUNCTION careforall.campaign_image_set(uuid, text, text, boolean, text, integer, integer, bytea) IS
  'Stores an image and makes it the cover of a campaign. Audited.';
COMMENT ON FUNCTION careforall.campaign_image_remove(uuid, text, text) IS
  'Takes the cover image off a campaign. Audited.';
COMMENT ON FUNCTION careforall.image_find(text) IS
  'The bytes of an image by the last part of its address.';
