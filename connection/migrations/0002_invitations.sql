CREATE TABLE {invitations} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  hash ${id} NOT NULL,
  version ${int} NOT NULL,
  data ${text} NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX {invitations_hash} ON {invitations} (hash);
