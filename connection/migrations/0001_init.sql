CREATE TABLE {connections} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  version ${int} NOT NULL,
  data ${text} NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE {connection_states} (
  hash ${id} NOT NULL PRIMARY KEY,
  tenant ${id} NOT NULL,
  expires ${time} NOT NULL,
  used ${time} NOT NULL,
  data ${text} NOT NULL
);
CREATE INDEX {connection_states_expires} ON {connection_states} (expires);
CREATE INDEX {connection_states_tenant} ON {connection_states} (tenant);
CREATE TABLE {grants} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  version ${int} NOT NULL,
  fence ${int} NOT NULL,
  data ${text} NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE {grant_leases} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  owner ${id} NOT NULL,
  fence ${int} NOT NULL,
  until ${time} NOT NULL,
  PRIMARY KEY (tenant, id)
);
