-- What passed in an hour, inspected or not.
CREATE TABLE coverage (
	hour          BIGINT NOT NULL,    -- its beginning
	route         TEXT NOT NULL,
	direction     TEXT NOT NULL,
	reason        TEXT NOT NULL,      -- why it was not inspected; '' where it was
	payloads      BIGINT NOT NULL,
	bytes         BIGINT NOT NULL,
	PRIMARY KEY (hour, route, direction, reason)
);
