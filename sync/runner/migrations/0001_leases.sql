CREATE TABLE {leases} (
  name ${id} NOT NULL PRIMARY KEY,
  owner ${text} NOT NULL,
  fence ${int} NOT NULL,
  expires ${time} NOT NULL
);
