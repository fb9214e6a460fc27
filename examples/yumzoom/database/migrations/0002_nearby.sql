-- Restaurants within `distance_km` of a place, nearest first. No extension is needed: the GiST index narrows the
-- rows to a box in degrees, the haversine formula decides on those that are left.

CREATE FUNCTION nearby_restaurants_optimized(
  lat         DOUBLE PRECISION,
  lng         DOUBLE PRECISION,
  distance_km DOUBLE PRECISION DEFAULT 5,
  limit_count INTEGER DEFAULT 20
)
RETURNS TABLE (
  id             INTEGER,
  name           TEXT,
  cuisine        TEXT,
  city           TEXT,
  address        TEXT,
  price_level    SMALLINT,
  latitude       DOUBLE PRECISION,
  longitude      DOUBLE PRECISION,
  average_rating NUMERIC,
  rating_count   INTEGER,
  away_km        DOUBLE PRECISION
)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = '' AS $$
DECLARE
  earth_radius_km CONSTANT DOUBLE PRECISION := 6371.0088;
  reach_lat DOUBLE PRECISION;
  reach_lng DOUBLE PRECISION;
BEGIN
  IF lat IS NULL OR lng IS NULL OR lat NOT BETWEEN -90 AND 90 OR lng NOT BETWEEN -180 AND 180 THEN
    RAISE EXCEPTION 'lat must lie within -90..90 and lng within -180..180, got % and %', lat, lng
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF distance_km IS NULL OR distance_km <= 0 OR limit_count IS NULL OR limit_count < 0 THEN
    RAISE EXCEPTION 'distance_km must be above 0 and limit_count at least 0, got % and %', distance_km, limit_count
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  reach_lat := degrees(distance_km / earth_radius_km);
  -- A circle that holds a pole reaches every meridian.
  reach_lng := CASE
    WHEN abs(lat) + reach_lat >= 90 THEN 360
    ELSE degrees(asin(least(1, sin(radians(reach_lat)) / cos(radians(lat)))))
  END;

  RETURN QUERY
  SELECT near.id, near.name, near.cuisine, near.city, near.address, near.price_level, near.latitude, near.longitude,
         near.average_rating, near.rating_count, near.away_km
  FROM (
    SELECT r.*,
           2 * earth_radius_km * asin(sqrt(least(1,
             power(sin(radians(r.latitude - lat) / 2), 2)
             + cos(radians(lat)) * cos(radians(r.latitude)) * power(sin(radians(r.longitude - lng) / 2), 2)
           ))) AS away_km
    FROM public.restaurants r
    -- The second and third box take over where the first crosses the 180th meridian.
    WHERE r.location <@ box(point(lng - reach_lng, lat - reach_lat), point(lng + reach_lng, lat + reach_lat))
       OR (lng - reach_lng < -180 AND r.location
           <@ box(point(lng - reach_lng + 360, lat - reach_lat), point(lng + reach_lng + 360, lat + reach_lat)))
       OR (lng + reach_lng > 180 AND r.location
           <@ box(point(lng - reach_lng - 360, lat - reach_lat), point(lng + reach_lng - 360, lat + reach_lat)))
  ) near
  WHERE near.away_km <= distance_km
  ORDER BY near.away_km, near.id
  LIMIT limit_count;
END;
$$;
REVOKE ALL ON FUNCTION
  nearby_restaurants_optimized(DOUBLE PRECISION, DOUBLE PRECISION, DOUBLE PRECISION, INTEGER) FROM PUBLIC;
