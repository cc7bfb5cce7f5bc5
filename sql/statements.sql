-- SPDX-License-Identifier: Apache-2.0
-- pg_stat_statements, where the server preloads it: slow_statements shows what it
-- has counted. Made as the installing superuser.

SELECT regexp_split_to_array(current_setting('shared_preload_libraries'), '\s*,\s*')
    @> ARRAY['pg_stat_statements']
  AND EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_stat_statements')
  AS has_statements \gset

\if :has_statements
  CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public;
\endif
