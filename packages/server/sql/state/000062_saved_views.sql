-- Parameters of a page's address that somebody keeps under a name. A name is used once by one owner on one page.
CREATE TABLE saved_views (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  page text NOT NULL,
  name text NOT NULL,
  search text NOT NULL,
  shared boolean NOT NULL,
  owner text NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (page, owner, name)
);
