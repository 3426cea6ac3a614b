CREATE TABLE {integrations} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  version ${int} NOT NULL,
  data ${text} NOT NULL,
  PRIMARY KEY (tenant, id)
);
