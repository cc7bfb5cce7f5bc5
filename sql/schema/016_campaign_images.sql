-- SPDX-License-Identifier: Apache-2.0
-- Cover images. An image is named by the hash of its bytes and never changes; a
-- campaign names it by its address. One that no campaign names any more is purged.

CREATE TABLE IF NOT EXISTS careforall.campaign_images (
  sha256       bytea       NOT NULL,
  media_type   text        NOT NULL,
  width        integer     NOT NULL,
  height       integer     NOT NULL,
  bytes        bytea       NOT NULL,
  url          text        NOT NULL GENERATED ALWAYS AS (
    '/api/v1/images/' || encode(sha256, 'hex') || '.' || CASE media_type
      WHEN 'image/jpeg' THEN 'jpg' WHEN 'image/png' THEN 'png' ELSE 'webp' END) STORED,
  uploaded_at  timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT campaign_images_pkey PRIMARY KEY (sha256),
  CONSTRAINT campaign_images_url_key UNIQUE (url),
  CONSTRAINT campaign_images_sha256_check CHECK (sha256 = sha256(bytes)),
  CONSTRAINT campaign_images_media_type_check
    CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp')),
  CONSTRAINT campaign_images_width_check CHECK (width BETWEEN 1 AND 8192),
  CONSTRAINT campaign_images_height_check CHECK (height BETWEEN 1 AND 8192),
  CONSTRAINT campaign_images_bytes_check CHECK (octet_length(bytes) BETWEEN 1 AND 2097152)
);

-- Compressed already.
ALTER TABLE careforall.campaign_images ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE INDEX IF NOT EXISTS campaign_images_uploaded_at_idx
  ON careforall.campaign_images (uploaded_at);
CREATE INDEX IF NOT EXISTS campaigns_image_url_idx
  ON careforall.campaigns (image_url) WHERE image_url IS NOT NULL;

COMMENT ON TABLE careforall.campaign_images IS
  'Cover images by the hash of their bytes; served at their url, for ever the same.';
COMMENT ON COLUMN careforall.campaign_images.sha256 IS
  'Hash of the bytes: the name of the image.';
COMMENT ON COLUMN careforall.campaign_images.media_type IS
  'image/jpeg, image/png or image/webp, as found in the bytes.';
COMMENT ON COLUMN careforall.campaign_images.width IS
  'Pixels.';
COMMENT ON COLUMN careforall.campaign_images.height IS
  'Pixels.';
COMMENT ON COLUMN careforall.campaign_images.bytes IS
  'The file as it was uploaded, at most 2 MiB.';
COMMENT ON COLUMN careforall.campaign_images.url IS
  'The path at which the API serves it.';
COMMENT ON COLUMN careforall.campaign_images.uploaded_at IS
  'The last time that somebody uploaded these bytes.';
