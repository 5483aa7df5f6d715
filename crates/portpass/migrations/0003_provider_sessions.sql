-- What an identity provider has to do with a session. Both are absent where it has
-- nothing, so whoever does not know the columns yet goes on with this database as it
-- was: `needs_at_least` stays.

-- JSON: what the provider's verified token said of a job, beside the job's own JWT.
ALTER TABLE sessions ADD COLUMN provider TEXT;
-- The provider's refresh token of a person, encrypted under a key that is not here.
ALTER TABLE sessions ADD COLUMN sealed TEXT;
