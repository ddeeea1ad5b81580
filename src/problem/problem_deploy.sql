-- Rules as data, the problems they open, and their life.

CREATE SEQUENCE IF NOT EXISTS registry.problem_id_seq;

CREATE TABLE IF NOT EXISTS registry.rule (
	rule_id text COLLATE "C" PRIMARY KEY CHECK (octet_length(rule_id) BETWEEN 1 AND 15),
	title text NOT NULL,
	title_en text NOT NULL,
	severity text NOT NULL CHECK (severity IN ('E', 'H', 'M', 'L', 'I')),
	handler text NOT NULL,
	law text NOT NULL,
	scope text NOT NULL DEFAULT 'person' CHECK (scope IN ('person', 'row', 'employer')),
	active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE registry.rule IS 'the rules this registry checks';
COMMENT ON COLUMN registry.rule.severity IS 'E blocks confirmation, H money at risk, M must be answered, L correct when met, I information';

-- Pairs of enrolments that may not share a month.  first and second name the
-- scheme of each side, use says whether its paid or its benefit months count,
-- area restricts to agencies of the same or of different six-digit regions.
CREATE TABLE IF NOT EXISTS registry.conflict_rule (
	rule_id text COLLATE "C" NOT NULL REFERENCES registry.rule,
	first_scheme text NOT NULL REFERENCES registry.scheme,
	first_use text NOT NULL CHECK (first_use IN ('paid', 'benefit')),
	second_scheme text NOT NULL REFERENCES registry.scheme,
	second_use text NOT NULL CHECK (second_use IN ('paid', 'benefit')),
	area text NOT NULL DEFAULT 'any' CHECK (area IN ('any', 'other')),
	keep text NOT NULL CHECK (keep IN ('first', 'second', 'employment', 'dwelling', 'registered', 'earliest', 'choice')),
	active boolean NOT NULL DEFAULT true,
	PRIMARY KEY (first_scheme, first_use, second_scheme, second_use, rule_id)
);
COMMENT ON TABLE registry.conflict_rule IS 'pairs of enrolment rows of one person that may not share a month, and which one stays';
COMMENT ON COLUMN registry.conflict_rule.keep IS 'which row stays: the first or second of the pair, or by employment area, dwelling, registered place, earliest receipt, or the person''s choice';

CREATE TABLE IF NOT EXISTS registry.problem (
	person_id bigint NOT NULL,
	problem_id bigint NOT NULL DEFAULT nextval('registry.problem_id_seq'),
	territory region_code,
	rule_id text COLLATE "C" NOT NULL,
	finding_key bigint NOT NULL,
	employer text,
	schemes coverage NOT NULL DEFAULT '{}',
	months integer,
	amount numeric(14,2),
	keep text,
	evidence jsonb NOT NULL DEFAULT '{}',
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'sent', 'answered', 'accepted', 'rejected', 'closed')),
	decision text,
	batch_id bigint,
	closed_batch_id bigint,
	opened_at timestamptz NOT NULL,
	closed_at timestamptz,
	PRIMARY KEY (person_id, problem_id)
);
COMMENT ON TABLE registry.problem IS 'findings of the rules; a problem of a row whose number is broken has person 0';
COMMENT ON COLUMN registry.problem.finding_key IS 'identity of the finding within person and rule: the same finding in the next batch is the same problem';
CREATE UNIQUE INDEX IF NOT EXISTS problem_finding_idx ON registry.problem (person_id, rule_id, finding_key);
CREATE INDEX IF NOT EXISTS problem_rule_idx ON registry.problem (rule_id, territory);
CREATE INDEX IF NOT EXISTS problem_territory_idx ON registry.problem (territory);

INSERT INTO registry.rule (rule_id, title, title_en, severity, handler, law, scope) VALUES
	('ID02', '证件号长度错', 'document number has a wrong length', 'E', 'T', 'GB 11643', 'row'),
	('ID03', '证件号字符错', 'document number has a wrong character', 'E', 'T', 'GB 11643', 'row'),
	('ID04', '校验位错', 'check character is wrong', 'E', 'T', 'GB 11643', 'row'),
	('ID05', '建议更正校验位', 'only the check character was wrong; corrected by the register', 'M', 'T', 'GB 11643', 'row'),
	('ID06', '15位号码升位', '15-digit number', 'I', 'INF', 'GB 11643', 'person'),
	('ID08', '出生日期码错', 'birth date in the number is impossible', 'E', 'T', 'GB 11643', 'row'),
	('ID11', '地址码不存在', 'region code of the number was never issued', 'M', 'POL', 'GB/T 2260', 'person'),
	('ID15', '性别不符', 'sex differs from the number', 'M', 'T', 'GB 11643', 'person'),
	('ID16', '出生日期不符', 'birth date differs from the number', 'M', 'T', 'GB 11643', 'person'),
	('ID22', '姓名无效', 'name is none', 'E', 'T', '社会保险经办条例 11', 'person'),
	('DP04', '重号', 'one number, really different names', 'E', 'POL', '居民身份证法 3', 'person'),
	('DP06', '号码疑似笔误', 'number is probably a typing error', 'M', 'T', '社会保险法 58', 'person'),
	('HK02', '姓名不一致', 'name differs from the register', 'M', 'T', '社会保险经办条例 9', 'person'),
	('HK03', '名单号码公安库无', 'number of a list stands in no register', 'E', 'POL', '社会保险经办条例 9', 'person'),
	('HK04', '公安死亡仍有参保', 'dead in the register, still enrolled', 'H', 'C', '社会保险法 57', 'person'),
	('HK05', '户口迁出仍有参保', 'moved out, still enrolled', 'M', 'C', '社会保险法 57', 'person'),
	('HK08', '出国定居或外籍仍有参保', 'settled abroad or foreign national, still enrolled', 'M', 'P2', '社会保险法 57', 'person'),
	('HK10', '在册未参保', 'in the register, due, in no scheme', 'M', 'T', '社会保险法 58', 'person'),
	('HK12', '参保人公安库无此号', 'enrolled, number in no register', 'M', 'C', '社会保险经办条例 9', 'person'),
	('PN01', '职工养老两地重复缴费', 'employee pension paid in two places', 'M', 'P1', '国办发〔2009〕66号', 'person'),
	('PN02', '职工与居民养老重复缴费', 'employee and resident pension paid together', 'M', 'P2', '人社部发〔2014〕17号', 'person'),
	('PN03', '职工与机关养老重复缴费', 'employee and public pension paid together', 'M', 'P1+P3', '国发〔2015〕2号', 'person'),
	('PN04', '居民养老两地重复缴费', 'resident pension paid in two places', 'M', 'P2', '国发〔2014〕8号', 'person'),
	('PN05', '居民与机关养老重复缴费', 'resident and public pension paid together', 'M', 'P2', '人社厅发〔2021〕77号', 'person'),
	('PN06', '机关养老两地重复缴费', 'public pension paid in two places', 'H', 'P3', '国发〔2015〕2号', 'person'),
	('PN07', '职工与居民养老重复领取', 'employee and resident pension received together', 'H', 'P2', '人社部发〔2014〕17号; 人社厅发〔2021〕77号', 'person'),
	('PN08', '机关与居民养老重复领取', 'public and resident pension received together', 'H', 'P2', '人社厅发〔2021〕77号', 'person'),
	('PN09', '居民养老两地重复领取', 'resident pension received in two places', 'H', 'P2', '人社厅发〔2021〕77号', 'person'),
	('PN10', '职工养老两地重复领取', 'employee pension received in two places', 'H', 'P1', '人社部规〔2016〕5号', 'person'),
	('PN11', '职工与机关养老重复领取', 'employee and public pension received together', 'H', 'P1+P3', '国发〔2015〕2号', 'person'),
	('PN12', '领取职工或机关养老仍缴居民养老', 'resident pension paid while an employee or public pension is received', 'M', 'P2', '人社部发〔2014〕17号', 'person'),
	('PN13', '领取居民养老又缴职工养老', 'employee pension paid while a resident pension is received', 'M', 'P1', '人社部发〔2014〕17号', 'person'),
	('PN22', '参保区间错', 'interval ends before it begins', 'E', 'agency', '社会保险经办条例 11', 'row'),
	('MD01', '职工医保两地重复', 'employee medical insurance in two places', 'M', 'M', '医保发〔2020〕33号', 'person'),
	('MD02', '职工与居民医保重复', 'employee and resident medical insurance together, employee insurance ran a year', 'M', 'M', '医保发〔2020〕33号', 'person'),
	('MD03', '职工与居民医保重复(职工不足一年)', 'employee and resident medical insurance together, employee insurance under a year', 'L', 'M', '医保发〔2020〕33号', 'person'),
	('MD04', '灵活就业职工与居民医保重复', 'flexible employee and resident medical insurance together', 'L', 'M', '医保发〔2020〕33号', 'person'),
	('MD05', '居民医保两地重复', 'resident medical insurance in two places', 'M', 'M', '医保发〔2020〕33号', 'person'),
	('MD06', '学生居民医保两地重复', 'resident medical insurance of a student or minor in two places', 'M', 'M', '医保发〔2020〕33号', 'person'),
	('MD07', '居民医保与新农合重复', 'resident and rural medical insurance together', 'M', 'M', '国发〔2016〕3号', 'person'),
	('MD08', '公费医疗与其他医保重复', 'public medical care and another medical insurance together', 'M', 'M', '医保发〔2020〕33号', 'person'),
	('MD09', '农民工医保与其他医保重复', 'migrant-worker and another medical insurance together', 'L', 'M', '医保发〔2020〕33号', 'person'),
	('MD14', '居民医保预缴期内参加职工医保', 'resident medical insurance was prepaid when the job began', 'I', '-', '医保发〔2020〕33号', 'person'),
	('UW03', '失业金与养老金同领', 'unemployment benefit and pension received together', 'H', 'U', '社会保险法 51(4)', 'person'),
	('UW06', '服刑领取失业金', 'unemployment benefit received in prison', 'H', 'U', '失业保险条例 15(5)', 'person'),
	('UW09', '多单位工伤保险(合法)', 'work injury insurance with several employers is legal: never a problem', 'I', '-', '社会保险法实施若干规定 9', 'person'),
	('BN01', '死亡后领取待遇', 'benefit after death', 'H', 'agency', '社会保险经办条例 25, 46; 社会保险法 88', 'person'),
	('BN03', '服刑期间领取养老金', 'pension received in prison', 'H', 'P1/P2', '劳社厅函〔2001〕44号', 'person'),
	('EM01', '统一社会信用代码错', 'credit code of an employer breaks its check', 'E', 'COL', 'GB 32100', 'employer')
ON CONFLICT DO NOTHING;

-- MD02 stands for MD14, MD04, MD02 and MD03, which the rows of a pair decide
-- between; MD05 likewise for MD06.
INSERT INTO registry.conflict_rule (rule_id, first_scheme, first_use, second_scheme, second_use, area, keep) VALUES
	('PN01', 'P1', 'paid', 'P1', 'paid', 'other', 'employment'),
	('PN02', 'P1', 'paid', 'P2', 'paid', 'any', 'first'),
	('PN03', 'P1', 'paid', 'P3', 'paid', 'any', 'employment'),
	('PN04', 'P2', 'paid', 'P2', 'paid', 'other', 'registered'),
	('PN05', 'P3', 'paid', 'P2', 'paid', 'any', 'first'),
	('PN06', 'P3', 'paid', 'P3', 'paid', 'other', 'employment'),
	('PN07', 'P1', 'benefit', 'P2', 'benefit', 'any', 'first'),
	('PN08', 'P3', 'benefit', 'P2', 'benefit', 'any', 'first'),
	('PN09', 'P2', 'benefit', 'P2', 'benefit', 'other', 'earliest'),
	('PN10', 'P1', 'benefit', 'P1', 'benefit', 'other', 'choice'),
	('PN11', 'P1', 'benefit', 'P3', 'benefit', 'any', 'choice'),
	('PN12', 'P1', 'benefit', 'P2', 'paid', 'any', 'first'),
	('PN12', 'P3', 'benefit', 'P2', 'paid', 'any', 'first'),
	('PN13', 'P1', 'paid', 'P2', 'benefit', 'any', 'choice'),
	('MD01', 'M1', 'paid', 'M1', 'paid', 'other', 'employment'),
	('MD02', 'M1', 'paid', 'M2', 'paid', 'any', 'first'),
	('MD02', 'M1', 'paid', 'M3', 'paid', 'any', 'first'),
	('MD05', 'M2', 'paid', 'M2', 'paid', 'other', 'dwelling'),
	('MD07', 'M2', 'paid', 'M3', 'paid', 'any', 'first'),
	('MD08', 'M4', 'paid', 'M1', 'paid', 'any', 'first'),
	('MD08', 'M4', 'paid', 'M2', 'paid', 'any', 'first'),
	('MD08', 'M4', 'paid', 'M3', 'paid', 'any', 'first'),
	('MD09', 'M1', 'paid', 'M5', 'paid', 'any', 'first'),
	('MD09', 'M5', 'paid', 'M2', 'paid', 'any', 'first'),
	('MD09', 'M5', 'paid', 'M3', 'paid', 'any', 'first'),
	('UW03', 'P1', 'benefit', 'U', 'benefit', 'any', 'first'),
	('UW03', 'P2', 'benefit', 'U', 'benefit', 'any', 'first'),
	('UW03', 'P3', 'benefit', 'U', 'benefit', 'any', 'first')
ON CONFLICT DO NOTHING;
