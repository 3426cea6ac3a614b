ALTER TABLE {mirror_streams} ADD COLUMN purges ${int} DEFAULT 0 NOT NULL;
CREATE TABLE {mirror_consumers} (
  tenant ${id} NOT NULL,
  connection ${id} NOT NULL,
  name ${id} NOT NULL,
  acked ${int} NOT NULL,
  PRIMARY KEY (tenant, connection, name)
);
CREATE INDEX {mirror_changes_record} ON {mirror_changes} (connection, record, seq);
