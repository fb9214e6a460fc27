-- Badges are seen by whoever has their address, so each monitor says whether it has them.
ALTER TABLE monitors ADD COLUMN badge boolean NOT NULL DEFAULT false;
