-- A town's worth of data, the same on every machine: numbers come from a hash of the row's number and a salt.
-- Times are counted back from the day of seeding, so that "last week" is never empty.

CREATE FUNCTION pg_temp.chance(n BIGINT, salt BIGINT) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (hashint8extended(n, salt) & 9007199254740991) / 9007199254740992.0::DOUBLE PRECISION
$$;

CREATE FUNCTION pg_temp.pick(choices TEXT[], n BIGINT, salt BIGINT) RETURNS TEXT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT choices[1 + floor(array_length(choices, 1) * pg_temp.chance(n, salt))::INTEGER]
$$;

CREATE TEMPORARY TABLE seed_city (city_no INTEGER, city TEXT, latitude FLOAT, longitude FLOAT, streets TEXT[]) ON COMMIT DROP;
INSERT INTO seed_city VALUES
  (1, 'New York', 40.7228, -73.9960, '{Broadway,Mott Street,Bleecker Street,Orchard Street,Bedford Avenue,Amsterdam Avenue}'),
  (2, 'London', 51.5130, -0.1050, '{Brick Lane,Dean Street,Exmouth Market,Borough High Street,Broadway Market,Upper Street}'),
  (3, 'Lisbon', 38.7169, -9.1399, '{Rua da Rosa,Rua Augusta,Rua de São Bento,Calçada do Combro,Rua dos Remédios}'),
  (4, 'Berlin', 52.5050, 13.4150, '{Oranienstraße,Kastanienallee,Weserstraße,Torstraße,Bergmannstraße}'),
  (5, 'San Francisco', 37.7680, -122.4270, '{Valencia Street,Mission Street,Clement Street,Irving Street,Hayes Street}'),
  (6, 'Chicago', 41.8880, -87.6490, '{Randolph Street,Clark Street,Milwaukee Avenue,Halsted Street,Devon Avenue}'),
  (7, 'Melbourne', -37.8080, 144.9660, '{Lygon Street,Smith Street,Hardware Lane,Victoria Street,Chapel Street}'),
  (8, 'Toronto', 43.6560, -79.3950, '{Spadina Avenue,College Street,Queen Street West,Dundas Street,Ossington Avenue}');

CREATE TEMPORARY TABLE seed_cuisine (
  cuisine_no INTEGER, cuisine TEXT, places TEXT[], starters TEXT[], mains TEXT[], desserts TEXT[]
) ON COMMIT DROP;
INSERT INTO seed_cuisine VALUES
  (1, 'Italian', '{Trattoria,Osteria,Pizzeria,Enoteca}', '{Burrata,Focaccia,Caponata,Arancini,Bruschetta}',
      '{Cacio e Pepe,Margherita Pizza,Saffron Risotto,Lasagne,Gnocchi al Ragù,Diavola Pizza}', '{Tiramisù,Panna Cotta,Cannoli}'),
  (2, 'Japanese', '{Sushi Bar,Izakaya,Ramen House,Kitchen}', '{Edamame,Gyoza,Miso Soup,Agedashi Tofu}',
      '{Tonkotsu Ramen,Salmon Donburi,Katsu Curry,Tempura Udon,Nigiri Set}', '{Matcha Ice Cream,Mochi,Dorayaki}'),
  (3, 'Mexican', '{Taquería,Cantina,Cocina,Tortas}', '{Guacamole,Elote,Quesadilla,Tostadas}',
      '{Tacos al Pastor,Carnitas Burrito,Mole Poblano,Chilaquiles,Fish Tacos}', '{Churros,Flan,Tres Leches}'),
  (4, 'Indian', '{Tandoor,Dhaba,Spice Room,Kitchen}', '{Samosa,Pani Puri,Onion Bhaji,Papdi Chaat}',
      '{Dal Makhani,Masala Dosa,Lamb Rogan Josh,Palak Paneer,Hyderabadi Biryani}', '{Gulab Jamun,Kulfi,Rasmalai}'),
  (5, 'Vegan', '{Garden,Greenhouse,Kitchen,Table}', '{Beetroot Hummus,Charred Broccoli,Mushroom Pâté}',
      '{Jackfruit Burger,Miso Aubergine,Chickpea Curry,Buddha Bowl,Lentil Shepherd’s Pie}', '{Coconut Sorbet,Raw Brownie,Date Cake}'),
  (6, 'Seafood', '{Oyster Bar,Fish House,Harbour Kitchen,Grill}', '{Oysters,Clam Chowder,Prawn Cocktail,Ceviche}',
      '{Grilled Sea Bass,Lobster Roll,Moules Frites,Fish and Chips,Octopus with Potatoes}', '{Lemon Tart,Key Lime Pie,Affogato}'),
  (7, 'Thai', '{Noodle Bar,Kitchen,Street Food,House}', '{Som Tam,Satay,Spring Rolls,Tom Yum}',
      '{Pad Thai,Green Curry,Pad Kra Pao,Massaman Curry,Boat Noodles}', '{Mango Sticky Rice,Coconut Ice Cream}'),
  (8, 'Burgers', '{Grill,Diner,Burger Bar,Smokehouse}', '{Onion Rings,Loaded Fries,Wings,Slaw}',
      '{Smash Burger,Bacon Cheeseburger,Halloumi Burger,Chicken Sandwich,Chili Dog}', '{Milkshake,Apple Pie,Sundae}'),
  (9, 'Bakery', '{Bakery,Pâtisserie,Coffee House,Café}', '{Granola Bowl,Soup of the Day,Pretzel}',
      '{Eggs Benedict,Croque Monsieur,Avocado Toast,Quiche Lorraine,Shakshuka}', '{Almond Croissant,Carrot Cake,Éclair}'),
  (10, 'Korean', '{Barbecue,Kitchen,Pocha,Table}', '{Kimchi Pancake,Mandu,Japchae}',
      '{Bibimbap,Bulgogi,Fried Chicken,Sundubu Jjigae,Tteokbokki}', '{Bingsu,Hotteok}');

INSERT INTO user_profiles (id, email, display_name, home_city, created_at)
SELECT n,
       'guest' || n || '@yumzoom.example',
       pg_temp.pick('{Ada,Ben,Chiara,Dev,Elif,Finn,Grace,Hana,Ivo,Jun,Kofi,Lena,Mateo,Nia,Omar,Priya,Quinn,Rosa,Sam,Tara,Uma,Viktor,Wren,Yusuf,Zoe}', n, 1)
         || ' ' || pg_temp.pick('{Abara,Berg,Costa,Duarte,Endo,Fischer,Gupta,Haddad,Ito,Jansen,Kaya,Larsen,Moreau,Novak,Okafor,Park,Quispe,Rossi,Silva,Tanaka,Vega,Weber}', n, 2),
       (SELECT city FROM seed_city c WHERE c.city_no = 1 + n % 8),
       current_date - (30 + 700 * pg_temp.chance(n, 3)) * INTERVAL '1 day'
FROM generate_series(1, 2500) n;

INSERT INTO restaurants (id, name, cuisine, city, address, description, price_level, latitude, longitude, opened_on)
SELECT n,
       pg_temp.pick('{Golden,Little,Blue,Wild,Copper,Lucky,Velvet,Sunny,Hidden,Salty,Old,Crooked,Merry,Silver,Hungry,Midnight,Paper,Rosy,Quiet,Smoky}', n, 10)
         || ' ' || pg_temp.pick('{Spoon,Fig,Lantern,Fox,Olive,Pepper,Anchor,Peach,Sparrow,Ember,Clove,Heron,Basil,Acorn,Kettle,Lemon,Orchid,Tide,Thistle,Moon,Radish,Bell,Garden,Harbour,Table}', n, 11)
         || ' ' || pg_temp.pick(k.places, n, 12),
       k.cuisine, c.city,
       (1 + floor(240 * pg_temp.chance(n, 13)))::INTEGER || ' ' || pg_temp.pick(c.streets, n, 14),
       pg_temp.pick('{"A neighbourhood room with","Small, warm and known for","A long counter, a short menu and","Open late, with","Family-run since the first day, with"}', n, 15)
         || ' ' || lower(pg_temp.pick(k.mains, n, 16)) || ' ' ||
         pg_temp.pick('{"worth crossing town for.","the way it is made at home.","that regulars order without looking.","and a list of natural wines.","and music that is never too loud."}', n, 17),
       1 + floor(power(pg_temp.chance(n, 18), 1.4) * 4)::SMALLINT,
       c.latitude + 0.09 * (pg_temp.chance(n, 19) + pg_temp.chance(n, 20) - 1),
       c.longitude + 0.12 * (pg_temp.chance(n, 21) + pg_temp.chance(n, 22) - 1),
       (current_date - (60 + 5000 * pg_temp.chance(n, 23))::INTEGER)
FROM generate_series(1, 6000) n
JOIN seed_city c ON c.city_no = 1 + floor(8 * pg_temp.chance(n, 24))
JOIN seed_cuisine k ON k.cuisine_no = 1 + floor(10 * pg_temp.chance(n, 25));

INSERT INTO menu_items (restaurant_id, course, name, price_cents)
SELECT r.id, dish.course, dish.name,
       50 * round((dish.base_cents * (0.7 + 0.3 * r.price_level) * (0.85 + 0.3 * pg_temp.chance(r.id * 32 + dish.n, 30))) / 50)
FROM restaurants r
JOIN seed_cuisine k ON k.cuisine = r.cuisine
CROSS JOIN LATERAL (
  SELECT 'starter' AS course, name, 650 AS base_cents, n FROM unnest(k.starters) WITH ORDINALITY AS s (name, n)
  UNION ALL SELECT 'main', name, 1350, 10 + n FROM unnest(k.mains) WITH ORDINALITY AS s (name, n)
  UNION ALL SELECT 'dessert', name, 600, 20 + n FROM unnest(k.desserts) WITH ORDINALITY AS s (name, n)
  UNION ALL SELECT 'drink', name, 350, 26 + n FROM unnest('{Sparkling Water,House Lemonade,Espresso}'::TEXT[]) WITH ORDINALITY AS s (name, n)
) dish
WHERE pg_temp.chance(r.id * 32 + dish.n, 31) < 0.75;

-- A few places are talked about a lot, most a little.
ALTER TABLE ratings DISABLE TRIGGER ratings_keep_totals;

INSERT INTO ratings (restaurant_id, user_id, score, comment, created_at)
SELECT restaurant_id, user_id, score,
       CASE WHEN pg_temp.chance(n, 44) < 0.55 THEN '' ELSE pg_temp.pick(
         CASE WHEN score >= 4 THEN '{"Came for lunch, stayed for dinner.","The staff remembered our names.","Best I have had in this city.","Order twice as much as you think.","Worth the queue.","Generous, quick and kind."}'::TEXT[]
              WHEN score = 3 THEN '{"Good food, slow evening.","Nice room, a little pricey.","Fine for a weekday.","Half the table loved it."}'::TEXT[]
              ELSE '{"We waited an hour.","Lukewarm when it came.","Too salty for me.","It used to be better."}'::TEXT[] END, n, 45) END,
       current_date - 600 * power(pg_temp.chance(n, 46), 1.5) * INTERVAL '1 day'
FROM (
  SELECT DISTINCT ON (restaurant_id, user_id) *
  FROM (
    SELECT n,
           1 + floor(6000 * power(pg_temp.chance(n, 40), 1.6))::INTEGER AS restaurant_id,
           1 + floor(2500 * pg_temp.chance(n, 41))::INTEGER AS user_id
    FROM generate_series(1, 60000) n
  ) votes
  ORDER BY restaurant_id, user_id, n
) votes
CROSS JOIN LATERAL (
  SELECT greatest(1, least(5, round(3.1 + 1.6 * pg_temp.chance(restaurant_id, 42) + 3.2 * (pg_temp.chance(n, 43) - 0.5))))::SMALLINT AS score
) opinion;

UPDATE restaurants r
SET rating_total = given.total, rating_count = given.number
FROM (SELECT restaurant_id, sum(score)::INTEGER AS total, count(*)::INTEGER AS number FROM ratings GROUP BY 1) given
WHERE given.restaurant_id = r.id;

ALTER TABLE ratings ENABLE TRIGGER ratings_keep_totals;

INSERT INTO user_activity (user_id, activity, restaurant_id, activity_date)
SELECT 1 + floor(2500 * pg_temp.chance(n, 50))::INTEGER,
       pg_temp.pick('{viewed_restaurant,viewed_restaurant,viewed_restaurant,restaurant_rating,order_placed,signed_in}', n, 51),
       1 + floor(6000 * pg_temp.chance(n, 52))::INTEGER,
       current_date - 120 * pg_temp.chance(n, 53) * INTERVAL '1 day'
FROM generate_series(1, 12000) n;

-- Sessions of the past weeks. Nobody holds their tokens.
INSERT INTO user_sessions (user_id, token_hash, user_agent, created_at, expires_at)
SELECT 1 + floor(2500 * pg_temp.chance(n, 60))::INTEGER, sha256(('past session ' || n)::BYTEA), 'Mozilla/5.0',
       created_at, created_at + INTERVAL '14 days'
FROM generate_series(1, 2000) n
CROSS JOIN LATERAL (SELECT current_date - (14 + 46 * pg_temp.chance(n, 61)) * INTERVAL '1 day' AS created_at) session;

SELECT setval(pg_get_serial_sequence('user_profiles', 'id'), 2500),
       setval(pg_get_serial_sequence('restaurants', 'id'), 6000);
