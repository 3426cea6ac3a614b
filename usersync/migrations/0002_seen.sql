ALTER TABLE {user_pair} ADD COLUMN seen ${text};
