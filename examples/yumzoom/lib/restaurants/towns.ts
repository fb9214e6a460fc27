/** The cities that YumZoom serves, with their centres in degrees. */
export const CITIES = [
  { name: 'New York', lat: 40.7228, lng: -73.996 },
  { name: 'London', lat: 51.513, lng: -0.105 },
  { name: 'Lisbon', lat: 38.7169, lng: -9.1399 },
  { name: 'Berlin', lat: 52.505, lng: 13.415 },
  { name: 'San Francisco', lat: 37.768, lng: -122.427 },
  { name: 'Chicago', lat: 41.888, lng: -87.649 },
  { name: 'Melbourne', lat: -37.808, lng: 144.966 },
  { name: 'Toronto', lat: 43.656, lng: -79.395 },
] as const;

export const CUISINES = [
  'Italian',
  'Japanese',
  'Mexican',
  'Indian',
  'Vegan',
  'Seafood',
  'Thai',
  'Burgers',
  'Bakery',
  'Korean',
] as const;
