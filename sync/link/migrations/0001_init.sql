CREATE TABLE {link} (
	tenant ${id} NOT NULL,
	connection ${id} NOT NULL,
	object ${id} NOT NULL,
	hostkey ${id} NOT NULL,
	record ${id} NOT NULL,
	hash ${id} NOT NULL,
	written ${time} NOT NULL,
	PRIMARY KEY (tenant, connection, object, hostkey)
);
CREATE UNIQUE INDEX {link_record} ON {link} (tenant, connection, object, record);
