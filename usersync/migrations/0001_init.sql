CREATE TABLE {user_pair} (
	tenant ${id} NOT NULL,
	org ${id} NOT NULL,
	salesforce ${id} NOT NULL,
	hostuser ${id} NOT NULL,
	how ${id} NOT NULL,
	at ${time} NOT NULL,
	PRIMARY KEY (tenant, org, salesforce)
);
CREATE UNIQUE INDEX {user_pair_host} ON {user_pair} (tenant, org, hostuser);
