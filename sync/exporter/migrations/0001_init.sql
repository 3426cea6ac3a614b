CREATE TABLE {outbox} (
	id ${serial},
	tenant ${id} NOT NULL,
	connection ${id} NOT NULL,
	object ${id} NOT NULL,
	hostkey ${id} NOT NULL,
	op ${id} NOT NULL,
	body ${text} NOT NULL,
	state ${id} NOT NULL,
	outcome ${id} NOT NULL,
	record ${id} NOT NULL,
	reason ${text} NOT NULL,
	attempts ${int} NOT NULL,
	unsure ${bool} NOT NULL,
	owner ${id} NOT NULL,
	attempted ${time} NOT NULL,
	added ${time} NOT NULL,
	due ${time} NOT NULL,
	settled ${time} NOT NULL
);
CREATE INDEX {outbox_state} ON {outbox} (tenant, connection, state, id);
CREATE INDEX {outbox_row} ON {outbox} (tenant, connection, object, hostkey);
CREATE TABLE {outbox_fence} (
	tenant ${id} NOT NULL,
	connection ${id} NOT NULL,
	fence ${int} NOT NULL,
	PRIMARY KEY (tenant, connection)
);
