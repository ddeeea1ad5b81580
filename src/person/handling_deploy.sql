-- What the offices established about the handling of a person.  The recompute
-- reads it like any other fact: what two reviews decided lasts.

CREATE TABLE IF NOT EXISTS registry.handling (
	person_id bigint PRIMARY KEY,
	territory region_code NOT NULL,
	work_state smallint NOT NULL CHECK (work_state IN (10, 31, 32, 33, 34, 35, 40, 60, 90)),
	form_id bigint,
	reason text,
	decided_by text NOT NULL,
	decided_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE registry.handling IS 'how far a person''s registration has been handled by the offices; goes before what the facts alone would say, except that who is gone is closed';
COMMENT ON COLUMN registry.handling.work_state IS '10 confirmed without a visit, 31 being visited, 32 and 34 awaiting first and second review, 33 and 35 returned, 40 registered, 60 waiting, 90 not to be registered';
COMMENT ON COLUMN registry.handling.form_id IS 'form that it rests on';
