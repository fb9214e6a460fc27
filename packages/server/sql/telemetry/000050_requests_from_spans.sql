-- What told of a request: its log line, or a span where the service writes no such lines.
ALTER TABLE request_rows ADD COLUMN source LowCardinality(String) DEFAULT 'line';
