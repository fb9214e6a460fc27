-- Every question about a range of time decodes this column for all rows of the range: T64 with LZ4 decodes three to nine
-- times faster than Delta with ZSTD, for 0.6 bytes more a row. Parts that are there change when they are next merged.
ALTER TABLE logs MODIFY COLUMN timestamp DateTime64(3, 'UTC') CODEC(T64, LZ4);
