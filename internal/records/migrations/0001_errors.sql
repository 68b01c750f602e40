-- Up to where the events of a source were taken in; see Tx.Advance.
CREATE TABLE positions (
	source  TEXT PRIMARY KEY,
	seq     BIGINT NOT NULL,
	updated BIGINT NOT NULL
);

CREATE TABLE error_groups (
	id            TEXT PRIMARY KEY,   -- SHA-256 in hex over what makes errors equal
	route         TEXT NOT NULL,
	upstream      TEXT NOT NULL,      -- of the last one, as is status
	framework     TEXT NOT NULL,      -- '' where it is not known
	exception     TEXT NOT NULL,
	status        INTEGER NOT NULL,
	status_class  TEXT NOT NULL,      -- '4xx', '5xx'
	frames        TEXT NOT NULL,      -- JSON, of the first one
	first_seen    BIGINT NOT NULL,
	last_seen     BIGINT NOT NULL,
	count         BIGINT NOT NULL,
	state         TEXT NOT NULL,      -- 'open', 'resolved'
	state_changed BIGINT NOT NULL,
	state_by      TEXT NOT NULL
);
CREATE INDEX error_groups_last_seen ON error_groups (last_seen);

CREATE TABLE error_occurrences (
	id            IDENTITY,
	group_id      TEXT NOT NULL REFERENCES error_groups (id) ON DELETE CASCADE,
	reference     TEXT NOT NULL,
	time          BIGINT NOT NULL,
	status        INTEGER NOT NULL,
	method        TEXT NOT NULL,
	path          TEXT NOT NULL,
	request_id    TEXT NOT NULL,
	trace_id      TEXT NOT NULL,
	span_id       TEXT NOT NULL,
	config_digest TEXT NOT NULL,
	replica       TEXT NOT NULL,
	content_type  TEXT NOT NULL,
	coding        TEXT NOT NULL,      -- of original: '' or 'zstd'
	original      BLOB,
	original_size BIGINT NOT NULL,    -- in bytes, as it came
	truncated     INTEGER NOT NULL,   -- 1 where original is only its beginning
	sealed        BLOB,
	size          BIGINT NOT NULL     -- of the row, as max_size counts it
);
CREATE INDEX error_occurrences_reference ON error_occurrences (reference, time);
-- With the size, so that summing it up reads no originals.
CREATE INDEX error_occurrences_group ON error_occurrences (group_id, time, size);
CREATE INDEX error_occurrences_time ON error_occurrences (time);
