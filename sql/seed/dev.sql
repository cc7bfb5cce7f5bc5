-- SPDX-License-Identifier: Apache-2.0
-- Demo data: sixteen campaigns with rewards and pledges, and three accounts whose
-- passwords everybody can read in docs/reference/auth.md. Never load it where it matters.
--
--   psql -d careforall -f sql/seed/dev.sql
--
-- Everything goes through the functions that administrators and the API use, so
-- that every event exists. Pledges are made pending; the running payment path
-- confirms them. A campaign whose slug is there already is left alone, so running
-- this again changes nothing. All people and organizations are invented.

\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = careforall, pg_catalog, pg_temp;

CREATE TEMPORARY TABLE demo_campaign (
  place integer, slug text, title text, category text, owner_name text, currency text,
  goal numeric, cap numeric, days integer, funded numeric, image_alt text, summary text,
  story text
) ON COMMIT DROP;

-- goal and cap in major units; funded is the part of the goal to be pledged.
INSERT INTO demo_campaign VALUES
(1, 'seed-bank', 'A seed bank for the valley', 'environment', 'Valley Growers Cooperative',
 'INR', 400000, NULL, 60, 0, 'Glass jars of seeds on a wooden shelf',
 'Forty old varieties of millet, beans and gourds, kept cool, dry and shared.',
 $$Forty families in our valley still grow varieties that no shop sells. When a family gives up farming, its seeds are gone within two summers.

## What we will build

- A cool room of mud brick with shelves for 2,000 jars
- A drying table and a simple germination test
- A lending book: borrow one measure, bring back two

This page is a draft. We are still waiting for the permit of the village council.$$),
(2, 'village-hall-roof', 'A new roof for the village hall', 'community', 'Friends of Thornwick Hall',
 'GBP', 18000, NULL, 75, 0, 'A stone hall with scaffolding along its roof',
 'The hall has leaked for six winters. One summer of work will keep it dry for sixty years.',
 $$The hall hosts the playgroup, the blood donors, two choirs and every funeral tea. It has buckets in four places.

## The plan

- Strip and re-slate the north side
- Insulate, so that heating costs fall by half
- Replace the gutters with cast iron that lasts

Work starts when the swifts have left their nests. Pledging opens soon.$$),
(3, 'music-for-wards', 'Music for hospital wards', 'health', 'Bedside Concerts',
 'EUR', 6000, NULL, 30, 1.08, 'A cellist playing beside a hospital bed',
 'Forty small concerts beside the beds of people who cannot come to a concert.',
 $$A string trio, a harp or one quiet voice: our musicians play on wards for twenty minutes at a time, for whoever is awake.

Your pledges paid for forty visits. Thank you: this campaign has reached its end and its goal.$$),
(4, 'winter-shelter', 'Beds for the winter shelter', 'community', 'Harbour Street Shelter',
 'EUR', 15000, NULL, 50, 0.42, 'A row of made beds in a warm room',
 'Thirty beds, dry blankets and a hot breakfast from November to March.',
 $$On cold nights we turn people away, because there are more people than beds.

## What your pledge buys

- 25 EUR: a blanket and a pillow
- 120 EUR: one bed with a mattress that can be washed
- 500 EUR: breakfast for everyone for a week

We have paused the campaign for a few days while the fire inspection moves us to the larger hall next door.$$),
(5, 'warm-coats', 'A warm coat for every child', 'children', 'Coat Library Aarhus',
 'SEK', 90000, NULL, 40, 0.57, 'Children''s coats in many colours on a rail',
 'Children grow out of coats faster than families can buy them. We lend coats for a winter.',
 $$A coat is worn for one winter, then it is too small. We wash it, mend it, and lend it to the next child.

- 300 SEK mends four coats
- 900 SEK buys one new snowsuit
- 4,000 SEK pays the laundry for a month$$),
(6, 'street-football', 'Street football on Friday nights', 'sports', 'Goals Without Walls',
 'BRL', 25000, NULL, 45, 0.33, 'Children playing football under a street lamp',
 'Lights, goals and a coach on the square, every Friday from six to nine.',
 $$On Fridays the square belongs to cars. We want it to belong to the children for three hours.

The city closes the street if we bring lights, two goals, a coach with a first-aid course and someone who sweeps afterwards. We have the someone.$$),
(7, 'bike-workshop', 'The bike workshop on wheels', 'education', 'Second Gear',
 'CHF', 9500, NULL, 35, 0.71, 'A cargo bike loaded with tools and wheels',
 'A cargo bike full of tools that visits schools: bring a broken bike, ride home.',
 $$One third of the bikes in school cellars have a flat tyre and nothing else. Our workshop comes to the school yard, and pupils repair their own bikes with our tools.

## The budget

- Cargo bike, second hand: 4,200 CHF
- Tools and two repair stands: 2,600 CHF
- Tubes, brake pads, chains for a year: 2,700 CHF$$),
(8, 'coral-nursery', 'A coral nursery of five hundred frames', 'environment', 'Reef Gardeners',
 'USD', 30000, 45000, 90, 0.64, 'A diver tending coral fragments on a frame',
 'Divers of the village raise broken corals on frames and plant them back on the reef.',
 $$After the last bleaching, one coral in five was alive. Fragments that survive heat are worth more than gold to us.

Each frame carries forty fragments for eighteen months. Then our divers plant them on the reef and count them every season. All counts are published.

- 60 USD: one frame
- 240 USD: a season of care for four frames
- 1,500 USD: training of one reef gardener$$),
(9, 'solar-clinic', 'Solar power for the night clinic', 'health', 'Al Noor Clinic Fund',
 'KWD', 4200, NULL, 60, 0.49, 'Solar panels on the flat roof of a small clinic',
 'Panels and a battery, so that the delivery room never goes dark again.',
 $$Twice a week the power fails at night. The generator needs eleven minutes to start, if there is fuel.

Twelve panels and one battery keep the delivery room, the vaccine fridge and two lamps running until morning. The installer trains two of our nurses, and pays for repairs in the first five years.$$),
(10, 'reforest-the-ridge', 'Reforest the ridge', 'environment', 'Ridge Keepers',
 'USD', 24000, NULL, 80, 0.38, 'Young trees in rows on a burnt hillside',
 'Nine thousand native trees on the slope that burned four years ago.',
 $$Nothing grew back but broom. Without trees the rain takes the soil, and the soil takes the road.

We plant oak, ash and wild cherry by hand, in groups, and come back for three summers to water them. A tree costs 2.60 USD; a tree that lives costs 4.

Every pledge gets the coordinates of its trees.$$),
(11, 'community-kitchen', 'The kitchen that feeds the block', 'community', 'Long Table Kitchen',
 'EUR', 8000, NULL, 30, 0.83, 'People at a long table with bowls of soup',
 'Eighty lunches a day from vegetables that shops would throw away.',
 $$Every morning two of us drive to the market and come back with what is too ripe to sell. By noon it is soup, by one o'clock it is gone. Who can pay, pays; who cannot, peels.

Our stove is from 1987 and two of its six flames work. We need a new one, an extractor, and a dishwasher that does not need prayers.$$),
(12, 'mobile-library', 'A library bus for the islands', 'education', 'Island Readers',
 'JPY', 3200000, NULL, 55, 0.52, 'A small bus with bookshelves behind its windows',
 'Four thousand books on wheels, by ferry, to eleven villages without a library.',
 $$The bus has been a school bus, a florist's van and a henhouse. It runs well.

We are fitting shelves that hold on rough ferries, a ramp, and a reading corner with a stove. The first round trip takes two weeks; every village is visited once a month.$$),
(13, 'clean-water-wells', 'Clean water for three villages', 'health', 'Wells and Wardens',
 'TND', 21000, NULL, 70, 0.61, 'A hand pump with clear water running into a jug',
 'Three deep wells with hand pumps, and wardens who know how to mend them.',
 $$The old wells are shallow and turn salty in July. Women walk two hours a day for water that makes children ill.

## Why wardens

Most broken pumps are broken for want of a seal worth three dinars. In each village two wardens are trained, keep spare parts, and are paid from a small fund.

- Drilling and casing: 12,600 TND
- Pumps and platforms: 4,900 TND
- Training and the parts fund: 3,500 TND$$),
(14, 'guide-dogs', 'Two guide dogs in training', 'health', 'Paws and Paths',
 'GBP', 12000, NULL, 45, 0.74, 'A young labrador in a training harness',
 'Eighteen months of training for Biscuit and Juniper, who will guide two people home.',
 $$A guide dog learns kerbs, stairs, buses and when not to obey. It takes eighteen months, a trainer, and a family that says goodbye at the end.

Both dogs have passed their first year. Your pledge carries them through the second.$$),
(15, 'school-garden', 'A garden for Linden School', 'children', 'Linden School Parents',
 'EUR', 5000, NULL, 25, 0.66, 'Raised beds with lettuce beside a school building',
 'Raised beds, a pond and a green classroom where the car park was.',
 $$The car park has room for eleven cars and no children. The school gives it up; we break the asphalt.

In autumn we celebrate the first harvest with a supper at one long table between the beds. Seats are few.$$),
(16, 'lifeboat-engine', 'A new engine for the lifeboat', 'rescue', 'Skerry Point Lifeboat',
 'EUR', 26000, 26000, 20, 0.985, 'An orange lifeboat leaving the harbour in rough sea',
 'The old engine has 9,000 hours on it. The sea does not wait for it to start.',
 $$Last year the crew went out 61 times and brought 94 people home. Twice the engine did not start at the first try.

The shipyard has a fixed price: engine, fitting and sea trial cost 26,000 EUR, and not a cent more is needed. When it is reached, we stop.$$);

CREATE TEMPORARY TABLE demo_reward (
  slug text, title text, amount numeric, quantity integer, pool text, pool_capacity integer,
  description text
) ON COMMIT DROP;

INSERT INTO demo_reward VALUES
('coral-nursery', 'Name a frame', 60, 300, NULL, NULL,
 'A tag with the name of your choice on one frame, and a photograph each season.'),
('coral-nursery', 'A day on the boat', 240, 12, NULL, NULL,
 'Come along on a planting day; snorkel and lunch are ours.'),
('bike-workshop', 'Repair evening', 45, 30, NULL, NULL,
 'An evening with our mechanics and your own bike.'),
('bike-workshop', 'A visit to your school', 350, 6, NULL, NULL,
 'The workshop comes to the school you name for a whole morning.'),
('community-kitchen', 'A thank-you card', 10, NULL, NULL, NULL,
 'Printed in the kitchen, smells of onions.'),
('community-kitchen', 'Cook with us', 80, 20, NULL, NULL,
 'One morning at the stove with the team, lunch included.'),
('mobile-library', 'Your name on a shelf', 5000, 200, NULL, NULL,
 'A small brass plate on one of the two hundred shelves.'),
('reforest-the-ridge', 'Ten trees', 40, NULL, NULL, NULL,
 'Ten trees with their coordinates.'),
('clean-water-wells', 'Well sponsor', 300, 20, NULL, NULL,
 'Your name in the wardens'' log book and a yearly letter.'),
('guide-dogs', 'Paw print', 25, 150, NULL, NULL,
 'A print by Biscuit or Juniper, whoever holds still.'),
('guide-dogs', 'Walk with a trainer', 180, 4, NULL, NULL,
 'Two hours blindfolded through the town with a trainer and a dog.'),
('school-garden', 'Seat at the harvest supper', 30, NULL, 'Seats at the long table', 24,
 'One seat at the long table in autumn.'),
('school-garden', 'Seat and vegetable box', 55, 15, 'Seats at the long table', 24,
 'One seat at the long table, and a box of the first harvest to take home.'),
('lifeboat-engine', 'Ride along', 150, 8, NULL, NULL,
 'Half an hour on the boat on a calm Sunday.'),
('warm-coats', 'Adopt a coat', 300, 60, NULL, NULL,
 'We write to you where your coat spent the winter.'),
('solar-clinic', 'Panel patron', 35, 12, NULL, NULL,
 'Your name on the frame of one panel.');

-- Pledges a campaign until about part of its goal is promised. Amounts follow a
-- fixed pattern, so that each run on an empty database gives the same picture.
CREATE FUNCTION pg_temp.demo_pledges(slug text, part numeric)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  donors   text[] := ARRAY['Amina', 'Jonas', 'Priya', 'Mateo', 'Saoirse', 'Kenji', 'Leila',
    'Tomasz', 'Ines', 'Noor', 'Emeka', 'Freya', 'Luca', 'Hana', 'Dmitri', 'Rosa', 'Samir',
    'Greta', 'Yusuf', 'Maeve', 'Oskar', 'Chiara', 'Bao', 'Nadia'];
  words    text[] := ARRAY['', 'Keep going!', '', 'For my grandmother, who would have loved this.',
    '', 'Small, but every month.', 'From all of us in the office.', '', '',
    'See you at the opening.', 'Thank you for doing this.', ''];
  displays text[] := ARRAY['name_amount_message', 'name_message', 'name', 'name_amount_message', 'none'];
  weights  integer[] := ARRAY[25, 60, 15, 120, 40, 300, 35, 80, 20, 150, 50, 30, 500, 45];
  campaign careforall.campaigns;
  pick     uuid;
  wanted   bigint;
  sum_made bigint := 0;
  amount   bigint;
  unit     bigint;
  made     record;
BEGIN
  SELECT * INTO STRICT campaign FROM careforall.campaigns c WHERE c.slug = demo_pledges.slug;
  unit := 10 ^ careforall.currency_exponent(campaign.currency);
  wanted := campaign.goal_minor * part;
  FOR n IN 1 .. 60 LOOP
    EXIT WHEN sum_made >= wanted;
    -- In whole major units, scaled to the goal; the last one fills up exactly.
    amount := GREATEST(round(weights[1 + n % 14] * campaign.goal_minor / 3000.0 / unit), 1) * unit;
    amount := GREATEST(LEAST(amount, wanted - sum_made), campaign.min_pledge_minor);
    SELECT r.id INTO pick FROM careforall.rewards r
    WHERE r.campaign_id = campaign.id AND r.min_amount_minor <= amount AND n % 3 = 1
      AND careforall.reward_remaining(r) IS DISTINCT FROM 1
      AND careforall.reward_remaining(r) IS DISTINCT FROM 0
    ORDER BY r.min_amount_minor DESC LIMIT 1;
    SELECT p.outcome, p.detail INTO made FROM careforall.pledge_create(
      campaign.id, amount, campaign.currency, donors[1 + (n * 7 + campaign.goal_minor / unit)::integer % 24],
      lower(donors[1 + (n * 7 + campaign.goal_minor / unit)::integer % 24]) || '.' || n || '@example.org',
      pick, CASE WHEN pick IS NOT NULL THEN 1 END, displays[1 + n % 5], words[1 + n % 12]) p;
    IF made.outcome <> 'created' THEN
      RAISE EXCEPTION 'demo pledge % of "%": % %', n, slug, made.outcome, made.detail;
    END IF;
    sum_made := sum_made + amount;
  END LOOP;
END
$$;

-- Hashes without a pepper, which is the secret of each installation; the first log-in
-- renews them.
INSERT INTO careforall.accounts (email, name, role, password_hash)
VALUES
('admin@example.org', 'Demo Admin', 'admin',
 '$argon2id$v=19$m=19456,t=2,p=1$7cYH5mEnsEjo0qLKZsTn3Q$qdhNgr7N4BIWIUooLkIO79fbk/mJoB+XWQHIUWWoAc4'),
('owner@example.org', 'Demo Owner', 'owner',
 '$argon2id$v=19$m=19456,t=2,p=1$jy0PoYEd6T4ayYGzBXuokQ$9QdRU8PhX4Tr0wJJAWruKG471zkP2KmB6GqX65IK2HU'),
('donor@example.org', 'Demo Donor', 'donor',
 '$argon2id$v=19$m=19456,t=2,p=1$2j/k2QV5SS9AeoDqyWbskA$zG/kropBAYxkVe9jcx804Koi88Rv2mTVAlqvpPYLNHg')
ON CONFLICT DO NOTHING;

DO $$
DECLARE
  demo demo_campaign;
  gift demo_reward;
  pool uuid;
  unit numeric;
BEGIN
  FOR demo IN
    SELECT d.* FROM demo_campaign d
    WHERE NOT EXISTS (SELECT FROM careforall.campaigns c WHERE c.slug = d.slug)
    ORDER BY d.place
  LOOP
    unit := 10 ^ careforall.currency_exponent(demo.currency);
    PERFORM careforall.campaign_create(
      slug => demo.slug, title => demo.title, category => demo.category,
      owner_name => demo.owner_name, currency => demo.currency,
      goal_minor => (demo.goal * unit)::bigint, cap_minor => (demo.cap * unit)::bigint,
      reason => 'demo data', summary => demo.summary, story => demo.story,
      image_url => '/images/' || demo.slug || '.svg', image_alt => demo.image_alt,
      starts_at => careforall.clock() + CASE demo.slug
        WHEN 'village-hall-roof' THEN interval '5 days' ELSE interval '-20 days' END,
      ends_at => date_trunc('hour', careforall.clock()) + make_interval(days => demo.days),
      refund_releases => demo.slug <> 'school-garden');
    PERFORM careforall.campaign_owner_set(demo.slug, 'owner@example.org', 'demo data');
    pool := NULL;
    FOR gift IN SELECT r.* FROM demo_reward r WHERE r.slug = demo.slug ORDER BY r.amount LOOP
      IF gift.pool IS NOT NULL AND pool IS NULL THEN
        pool := careforall.pool_create(demo.slug, gift.pool, gift.pool_capacity, 'demo data');
      END IF;
      PERFORM careforall.reward_create(demo.slug, gift.title, (gift.amount * unit)::bigint,
        'demo data', gift.description, gift.quantity,
        CASE WHEN gift.pool IS NOT NULL THEN pool END);
    END LOOP;
    CONTINUE WHEN demo.slug = 'seed-bank';
    PERFORM careforall.campaign_publish(demo.slug, 'demo data');
    PERFORM pg_temp.demo_pledges(demo.slug, demo.funded);
    IF demo.slug = 'music-for-wards' THEN
      PERFORM careforall.campaign_dates_set(demo.slug, careforall.clock() - interval '50 days',
        careforall.clock() - interval '1 day', 'demo data: a campaign that has ended');
    ELSIF demo.slug = 'winter-shelter' THEN
      PERFORM careforall.campaign_pause(demo.slug, 'demo data: a campaign that is paused');
    END IF;
  END LOOP;
  PERFORM careforall.campaigns_close_ended();
  PERFORM careforall.campaigns_rank();
  PERFORM careforall.fee_set(f.currency, f.basis_points, f.fixed_minor, 'demo data')
  FROM (VALUES ('EUR', 150, 25), ('USD', 290, 30), ('JPY', 360, 0), ('KWD', 250, 100))
    AS f (currency, basis_points, fixed_minor)
  WHERE NOT EXISTS (SELECT FROM careforall.fee_schedule s WHERE s.currency = f.currency);
END
$$;

-- As their owner runs them: a drawing of fields on the draft, a helper, and news.
DO $$
DECLARE
  owner uuid := (SELECT a.id FROM careforall.accounts a WHERE a.email = 'owner@example.org');
BEGIN
  IF EXISTS (SELECT FROM careforall.campaign_updates) THEN
    RETURN;
  END IF;
  PERFORM careforall.campaign_image_set(owner, 'seed-bank', '*', false, 'image/png', 320, 180, decode('
iVBORw0KGgoAAAANSUhEUgAAAUAAAAC0AgMAAACYih2CAAAADFBMVEUvXTqPs1rp2abIhjz1I8znAAAAsklEQVR42u3XwQ0CIRRF
UZq0SV1Qgv1YggvQcZwVS58JyrkFnIQwGf4v53AFCAQCZwdr7y0K9me3IFg3sAXB6wb2HHh5ef0eA+sOthi4n3g88zzg2xs+nPLZ
nYy3Mg1YD7DNCh6XPFwzEAhcG5z/9zX/ExB/9X7goY/PNvHpKz4f5ifY+Iyd3wKsZkAg8L/AUzggEAgEfguUJGmdTA5AIBAItOtJ
kmTXMzkAgUAg0K63cA8mrltugC/kAwAAAABJRU5ErkJggg==
', 'base64'));
  PERFORM careforall.team_add(owner, 'seed-bank', 'donor@example.org', 'editor');
  PERFORM careforall.update_add(owner, 'clean-water-wells',
    '{"title": "The drill is here", "body": "It came by ferry on Tuesday, and eleven men carried it up.\n\n- First well: 38 metres\n- Second well: begins on Monday"}');
  PERFORM careforall.update_add(owner, 'coral-nursery',
    '{"title": "Your frames have numbers", "body": "Frames 1 to 64 are in the water. The list is at the boat house; tags follow in spring.", "visibility": "backers"}');
  PERFORM careforall.update_add(owner, 'coral-nursery',
    '{"title": "Half of the frames are out", "body": "Two weeks of calm water, and nobody went home dry."}');
END
$$;

COMMIT;
