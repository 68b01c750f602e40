-- What receivers are yet to be told; a row goes when they were.
CREATE TABLE notices (
	id       IDENTITY,
	leak     BIGINT NOT NULL REFERENCES leaks (number) ON DELETE CASCADE,
	what     TEXT NOT NULL,      -- 'new', or 'again' after it was rotated
	receiver TEXT NOT NULL,
	time     BIGINT NOT NULL,
	due      BIGINT NOT NULL,    -- not before; later while somebody is at it
	tries    INTEGER NOT NULL
);
CREATE INDEX notices_due ON notices (receiver, due);
CREATE INDEX notices_leak ON notices (leak);
