ALTER TABLE {outbox} ADD COLUMN actor ${id} DEFAULT '' NOT NULL;
ALTER TABLE {outbox} ADD COLUMN written_as ${text};
