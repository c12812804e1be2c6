"""The database layout, as migrations from one version to the next; released migrations are never edited."""

from __future__ import annotations

import sqlite3

from workbench.program.source import text_hash

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        problem TEXT NOT NULL,
        folder TEXT NOT NULL,          -- where the problem was loaded from
        version TEXT NOT NULL,         -- hash of problem, references and evaluators
        options TEXT NOT NULL,         -- JSON: all that resume needs; never a key
        proposer TEXT NOT NULL,        -- as shown: "no LLM" or the models
        isolation TEXT NOT NULL,
        status TEXT NOT NULL,          -- running, paused, done, stopped, failed
        message TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        heartbeat REAL NOT NULL,
        active_seconds REAL NOT NULL DEFAULT 0,
        pid INTEGER,
        champion INTEGER               -- best on validation so far
    ) STRICT;
    CREATE TABLE calls (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES runs(id),
        number INTEGER NOT NULL,       -- the attempt it was made for
        task TEXT NOT NULL,            -- JSON: parents, island, repaired attempt
        operator TEXT NOT NULL,
        model TEXT NOT NULL,
        system TEXT NOT NULL,
        user TEXT NOT NULL,
        response TEXT NOT NULL,
        tokens_in INTEGER NOT NULL,
        tokens_out INTEGER NOT NULL,
        cost_usd REAL,                 -- NULL: price unknown
        seconds REAL NOT NULL,
        retries INTEGER NOT NULL,
        error TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX calls_by_run ON calls(run, number);
    CREATE TABLE candidates (
        id INTEGER PRIMARY KEY,        -- order of acknowledgement over all runs
        run TEXT NOT NULL REFERENCES runs(id),
        number INTEGER NOT NULL,       -- attempt within the run, seeds first
        status TEXT NOT NULL,
        operator TEXT NOT NULL,
        parents TEXT NOT NULL,         -- JSON list of numbers, the main parent first
        turn INTEGER NOT NULL,         -- order in which answers were read: duplicates are judged by it
        island INTEGER,
        repairs INTEGER,               -- the failed attempt that this one repairs
        entry TEXT,
        source TEXT,                   -- NULL where no program could be made
        fingerprint TEXT,
        gap REAL,                      -- mean train gap; NULL unless ok
        message TEXT NOT NULL,
        seconds REAL NOT NULL,         -- evaluation on train
        created REAL NOT NULL,
        UNIQUE (run, number)
    ) STRICT;
    CREATE INDEX candidates_by_gap ON candidates(run, gap);
    CREATE TABLE scores (
        run TEXT NOT NULL REFERENCES runs(id),
        number INTEGER NOT NULL,
        split TEXT NOT NULL,
        status TEXT NOT NULL,
        gap REAL NOT NULL,
        families TEXT NOT NULL,        -- JSON: mean gap by family
        results TEXT NOT NULL,         -- JSON: per instance
        seconds REAL NOT NULL,
        PRIMARY KEY (run, number, split)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE control (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        command TEXT NOT NULL,         -- stop, pause, resume, steer, inject
        argument TEXT NOT NULL,
        created REAL NOT NULL,
        acknowledged REAL,
        answer TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        created REAL NOT NULL,
        kind TEXT NOT NULL,
        message TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_run ON events(run, id);
    """,
    # Covering indexes for lists and charts: reading the rows would read their sources, prompts and results too.
    """
    CREATE INDEX candidates_to_list ON candidates(
        run, number, status, operator, gap, island, parents, repairs, seconds, created
    );
    CREATE INDEX calls_to_sum ON calls(
        run, number, model, operator, cost_usd, tokens_in, tokens_out, seconds, retries, error, created
    );
    CREATE INDEX scores_to_list ON scores(run, split, status, gap);
    """,
    # Test-set accesses, certificates and re-evaluations: no row is ever changed.
    """
    CREATE TABLE openings (
        id INTEGER PRIMARY KEY,
        problem TEXT NOT NULL,
        version TEXT NOT NULL,
        fingerprint TEXT NOT NULL,     -- the same program again reveals nothing new and is not counted
        run TEXT,                      -- NULL: a file
        number INTEGER,
        name TEXT NOT NULL,            -- run:number or the file's name
        forced INTEGER NOT NULL,       -- 1: beyond the limit, on demand
        pid INTEGER NOT NULL,
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX openings_by_version ON openings(problem, version, fingerprint);
    CREATE TABLE certificates (
        id INTEGER PRIMARY KEY,
        opening INTEGER NOT NULL REFERENCES openings(id),
        run TEXT,
        number INTEGER,
        name TEXT NOT NULL,
        problem TEXT NOT NULL,
        version TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        source TEXT NOT NULL,
        verdict TEXT NOT NULL,         -- certified, not better, overfit, fragile
        evidence TEXT NOT NULL,        -- JSON: the whole certificate
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX certificates_by_program ON certificates(run, number);
    CREATE INDEX certificates_by_source ON certificates(fingerprint, version);
    CREATE TABLE rechecks (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        number INTEGER NOT NULL,
        split TEXT NOT NULL,
        version TEXT NOT NULL,         -- of the problem, when it was scored again
        status TEXT NOT NULL,
        gap REAL NOT NULL,
        families TEXT NOT NULL,
        results TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX rechecks_by_program ON rechecks(run, number, split);
    """,
    # `program` is the SHA-256 of the exact text; NULL only for an old opening whose text is unknown. The fingerprint, which
    # merged programs that behave differently, stays as it was.
    """
    ALTER TABLE openings ADD COLUMN program TEXT;
    ALTER TABLE certificates ADD COLUMN program TEXT;
    UPDATE certificates SET program = text_hash(source);
    UPDATE openings SET program = coalesce(
        (SELECT c.program FROM certificates c WHERE c.opening = openings.id),
        (SELECT text_hash(a.source) FROM candidates a WHERE a.run = openings.run AND a.number = openings.number)
    );
    CREATE INDEX openings_by_program ON openings(problem, version, program);
    """,
    # Idea and outcome of each attempt, in a table without sources, so that lists can be read without these.
    """
    CREATE TABLE trials (
        run TEXT NOT NULL REFERENCES runs(id),
        number INTEGER NOT NULL,
        idea TEXT NOT NULL,
        median REAL,                   -- own seconds on a train instance; NULL unless ok
        longest REAL,
        effect TEXT,                   -- JSON: mean and standard error of the difference to the parent, classes helped and hurt
        PRIMARY KEY (run, number)
    ) STRICT, WITHOUT ROWID;
    """,
    # Why an answer ended (`length`: it was cut), and whether its tokens are estimates.
    """
    ALTER TABLE calls ADD COLUMN finish TEXT NOT NULL DEFAULT '';
    ALTER TABLE calls ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0;
    DROP INDEX calls_to_sum;
    CREATE INDEX calls_to_sum ON calls(
        run, number, model, operator, cost_usd, tokens_in, tokens_out, estimated, seconds, retries, error, created
    );
    """,
    # The end of what a program printed on train; of no other split anything is kept.
    """
    ALTER TABLE scores ADD COLUMN printed TEXT NOT NULL DEFAULT '';
    """,
    # Which of several proposers made an attempt; empty: none, or not known.
    """
    ALTER TABLE trials ADD COLUMN proposer TEXT NOT NULL DEFAULT '';
    """,
    # Programs, prompts, answers and results are in `texts`, compressed (packing.py). Rows written before keep theirs, so that the
    # migration is quick however large a database is; newer rows name a text, and their old columns are NULL or empty. `characters`
    # is the length of a source. The first columns of `calls_to_sum` are those of the index that goes.
    """
    CREATE TABLE texts (
        id INTEGER PRIMARY KEY,
        data BLOB NOT NULL
    ) STRICT;
    ALTER TABLE candidates ADD COLUMN text INTEGER REFERENCES texts(id);
    ALTER TABLE candidates ADD COLUMN characters INTEGER;
    ALTER TABLE calls ADD COLUMN text INTEGER REFERENCES texts(id);
    ALTER TABLE scores ADD COLUMN text INTEGER REFERENCES texts(id);
    DROP INDEX calls_by_run;
    """,
)


def add_functions(connection: sqlite3.Connection) -> None:
    """Register the SQL function `text_hash`: SHA-256 of a text, in hexadecimal."""
    connection.create_function("text_hash", 1, lambda text: text if text is None else text_hash(text), deterministic=True)


def migrate(connection: sqlite3.Connection) -> None:
    """Migrate an open database to the newest layout; safe if two processes try at the same time."""
    if version(connection) >= len(MIGRATIONS):
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        for number in range(version(connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[number].split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def version(connection: sqlite3.Connection) -> int:
    """Return the number of migrations applied."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
