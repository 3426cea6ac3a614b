CREATE TABLE {mirror_streams} (
  id ${serial},
  tenant ${id} NOT NULL,
  connection ${id} NOT NULL,
  object ${id} NOT NULL,
  fence ${int} NOT NULL,
  position ${text} NOT NULL
);
CREATE UNIQUE INDEX {mirror_streams_key} ON {mirror_streams} (tenant, connection, object);
CREATE TABLE {mirror_columns} (
  stream ${int} NOT NULL,
  field ${id} NOT NULL,
  class ${id} NOT NULL,
  name ${id} NOT NULL,
  type ${id} NOT NULL,
  refs ${text} NOT NULL,
  used ${int} NOT NULL,
  PRIMARY KEY (stream, field, class)
);
CREATE TABLE {mirror_feeds} (
  tenant ${id} NOT NULL,
  connection ${id} NOT NULL,
  last ${int} NOT NULL,
  PRIMARY KEY (tenant, connection)
);
CREATE TABLE {mirror_changes} (
  tenant ${id} NOT NULL,
  connection ${id} NOT NULL,
  seq ${int} NOT NULL,
  kind ${id} NOT NULL,
  initial ${int} NOT NULL,
  object ${id} NOT NULL,
  record ${id} NOT NULL,
  survivor ${id} NOT NULL,
  owner ${id} NOT NULL,
  stamp ${time} NOT NULL,
  stored ${time} NOT NULL,
  fields ${text} NOT NULL,
  PRIMARY KEY (tenant, connection, seq)
);
