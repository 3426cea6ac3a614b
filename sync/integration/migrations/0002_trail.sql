CREATE TABLE {integration_trail} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  version ${int} NOT NULL,
  data ${text} NOT NULL,
  PRIMARY KEY (tenant, id, version)
);
