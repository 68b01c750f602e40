-- All findings of one value, by its keyed fingerprint.
CREATE TABLE leaks (
	number        IDENTITY,
	fingerprint   TEXT NOT NULL UNIQUE,
	rule          TEXT NOT NULL,      -- of the last one, as are severity and secret
	severity      TEXT NOT NULL,
	secret        TEXT NOT NULL,      -- of the operator's own: 'source/name'
	first_seen    BIGINT NOT NULL,
	last_seen     BIGINT NOT NULL,
	count         BIGINT NOT NULL,
	shadow        BIGINT NOT NULL,    -- of these, counted only and let through
	state         TEXT NOT NULL,      -- 'open', 'acknowledged', 'rotated', 'false_positive'
	state_changed BIGINT NOT NULL,
	reopened      BIGINT NOT NULL     -- when it was first seen after it was rotated, 0 for never
);
CREATE INDEX leaks_last_seen ON leaks (last_seen);

CREATE TABLE leak_places (
	leak          BIGINT NOT NULL REFERENCES leaks (number) ON DELETE CASCADE,
	place         TEXT NOT NULL,      -- SHA-256 in hex over the names from route to destination
	route         TEXT NOT NULL,
	direction     TEXT NOT NULL,
	path          TEXT NOT NULL,
	service       TEXT NOT NULL,
	version       TEXT NOT NULL,
	logger        TEXT NOT NULL,
	environment   TEXT NOT NULL,
	destination   TEXT NOT NULL,
	first_seen    BIGINT NOT NULL,
	last_seen     BIGINT NOT NULL,
	count         BIGINT NOT NULL,
	PRIMARY KEY (leak, place)
);

-- What was said of a leak, and when.
CREATE TABLE leak_states (
	id            IDENTITY,
	leak          BIGINT NOT NULL REFERENCES leaks (number) ON DELETE CASCADE,
	time          BIGINT NOT NULL,
	state         TEXT NOT NULL,
	by_whom       TEXT NOT NULL,
	note          TEXT NOT NULL
);
CREATE INDEX leak_states_leak ON leak_states (leak, time);

CREATE TABLE finding_counts (
	hour          BIGINT NOT NULL,    -- its beginning
	route         TEXT NOT NULL,
	direction     TEXT NOT NULL,
	rule          TEXT NOT NULL,
	severity      TEXT NOT NULL,
	action        TEXT NOT NULL,      -- 'shadow' where nothing was changed
	count         BIGINT NOT NULL,
	PRIMARY KEY (hour, route, direction, rule, severity, action)
);

-- What of a trail is not in the tables above.
CREATE TABLE trail_losses (
	source        TEXT NOT NULL,
	seq           BIGINT NOT NULL,    -- the last record of those that it was noticed with
	reason        TEXT NOT NULL,      -- 'removed', 'unreadable', 'dropped'
	time          BIGINT NOT NULL,
	count         BIGINT NOT NULL,    -- of records; of findings for 'dropped'
	PRIMARY KEY (source, seq, reason)
);
