CREATE TABLE {user_position} (
	tenant ${id} NOT NULL,
	org ${id} NOT NULL,
	fence ${int} NOT NULL,
	position ${text} NOT NULL,
	PRIMARY KEY (tenant, org)
);
