CREATE TABLE {link_refused} (
	tenant ${id} NOT NULL,
	pair ${id} NOT NULL,
	connection ${id} NOT NULL,
	object ${id} NOT NULL,
	record ${id} NOT NULL,
	hostkey ${id} NOT NULL,
	PRIMARY KEY (tenant, pair)
);
CREATE INDEX {link_refused_record} ON {link_refused} (tenant, connection, object, record);
