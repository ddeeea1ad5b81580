CREATE SEQUENCE IF NOT EXISTS registry.change_log_id_seq;
