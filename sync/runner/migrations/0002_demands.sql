CREATE TABLE {demands} (
  name ${id} NOT NULL PRIMARY KEY,
  serial ${int} NOT NULL,
  met ${int} NOT NULL
);
