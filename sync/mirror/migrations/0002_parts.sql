ALTER TABLE {mirror_columns} ADD COLUMN part ${int} DEFAULT 0 NOT NULL;
