-- Runs of canaries: synthetic secrets that redactd sent through its own listeners.
CREATE TABLE canary_runs (
	id            TEXT PRIMARY KEY,
	time          BIGINT NOT NULL,    -- when it began
	took          BIGINT NOT NULL     -- microseconds
);

CREATE INDEX canary_runs_time ON canary_runs (time);

-- What became of the canaries of a run.
CREATE TABLE canary_results (
	run           TEXT NOT NULL REFERENCES canary_runs (id) ON DELETE CASCADE,
	route         TEXT NOT NULL,
	dialect       TEXT NOT NULL,      -- '' sums up the route
	coding        TEXT NOT NULL,      -- '' is none
	outcome       TEXT NOT NULL,
	canaries      BIGINT NOT NULL,
	rules         TEXT NOT NULL,      -- ids of those that leaked, with spaces between
	PRIMARY KEY (run, route, dialect, coding, outcome)
);
