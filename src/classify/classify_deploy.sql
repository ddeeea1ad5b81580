-- Who must be in what (design: due kinds, first match wins), as data.
CREATE TABLE IF NOT EXISTS registry.due_rule (
	rank smallint NOT NULL,
	valid_from date NOT NULL DEFAULT '1900-01-01',
	valid_to date,
	condition text NOT NULL CHECK (condition IN
		('gone', 'army', 'prison', 'unregistered', 'receiving_employee_pension', 'employed_public', 'employed',
		 'under_16', 'student', 'household_adult', 'migrant')),
	due text[] NOT NULL,
	class text CHECK (class IN ('gone', 'exempt', 'unknown')),
	law text NOT NULL,
	PRIMARY KEY (rank, valid_from)
);
COMMENT ON TABLE registry.due_rule IS 'insurance kinds due by condition; the first condition by rank that a person meets decides';
COMMENT ON COLUMN registry.due_rule.class IS 'class that the condition gives whatever else is known; null: class follows from due and satisfied kinds';
COMMENT ON COLUMN registry.due_rule.due IS 'insurance kinds; injury/employer: due when work injury insurance is paid for anybody of the employer';

INSERT INTO registry.due_rule (rank, condition, due, class, law) VALUES
	(10, 'gone', '{}', 'gone', '社会保险法 57'),
	(20, 'army', '{}', 'exempt', '军人保险法 15-17'),
	(30, 'prison', '{}', 'exempt', '劳社厅函〔2001〕44号'),
	(40, 'unregistered', '{}', 'unknown', '社会保险经办条例 9'),
	(50, 'receiving_employee_pension', '{pension,medical}', NULL, '社会保险法 16, 27'),
	(60, 'employed_public', '{pension,medical,injury/employer,maternity}', NULL, '国发〔2015〕2号; 工伤保险条例 65'),
	(70, 'employed', '{pension,medical,unemployment,injury,maternity}', NULL, '社会保险法 10, 23, 33, 44, 53'),
	(80, 'under_16', '{medical}', NULL, '社会保险法 25'),
	(90, 'student', '{medical}', NULL, '国发〔2014〕8号; 国发〔2016〕3号'),
	(100, 'household_adult', '{pension,medical}', NULL, '社会保险法 20, 25; 国发〔2014〕8号'),
	(110, 'migrant', '{medical}', NULL, '国发〔2016〕3号')
ON CONFLICT DO NOTHING;
