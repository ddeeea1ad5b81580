-- The rule catalogue: every rule that is on by persons worked out by hand, each
-- beside one who just misses it; rules switched on, parameters, dates; rules that
-- the DBA writes; retirement months from the text of the law.
\set ECHO none
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS registry_rules;
CREATE DATABASE registry_rules TEMPLATE template0 ENCODING 'UTF8';
SELECT current_database() AS regress_database \gset
\c registry_rules
\set QUIET on
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
CREATE EXTENSION registry;
CALL registry.deploy('340400');
UPDATE registry.source SET shrink_limit = 1;
INSERT INTO registry.source (source, kind, title) VALUES ('police_other_county', 'population', '邻县户籍');
CREATE SCHEMA spec;
SET search_path = spec, registry, public;
\getenv source PG_ABS_SRCDIR
\set notation :source '/sql/notation/facts.sql'
\i :notation

-- what a statement is refused with
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', state, message, nullif(detail, ''));
END $$;
CREATE FUNCTION facts_hold(this_step text) RETURNS TABLE (step text, "check" text, failing bigint, sample text) LANGUAGE sql AS
$$ SELECT this_step, v."check", v.failing, v.sample FROM registry.verify() v WHERE v.failing <> 0 $$;
CREATE FUNCTION settle(this_step text) RETURNS TABLE (k text, item text, expected text, found text, sentence text) LANGUAGE plpgsql AS $$
BEGIN
	CALL registry.compare();
	RETURN QUERY SELECT j.k, j.item, j.expected, j.found, j.sentence FROM judge(this_step) j
	UNION ALL SELECT 'verify', f."check", '0', f.failing::text, f.sample FROM facts_hold(this_step) f;
END $$;

--
-- Persons at 2026-06-30.  "all" lists every open problem, so that whoever just
-- misses a rule must have none.
--
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES
-- ages
('id09', '19050630', 'h', '', 'M2 1/1 202001-', 'age=121 all=ID09', 'older than 120'),
('id09_120', '19050701', 'h', '', 'M2 1/1 202001-', 'age=120 all=ID10', '120 until tomorrow: old, not impossible'),
('id09_future', '20260701', 'h', '', 'M2 1/1 202606-', 'all=ID09', 'born tomorrow'),
('id09_today', '20260630', 'h', '', 'M2 1/1 202606-', 'all=', 'born today'),
('id09_gone', '18950101', 'h:死亡:19700101', '', '', 'all=', 'dead: no age any more'),
('id09_1799', '17991231', '', '', 'M2 1/1 202001-', 'all=HK12,ID09', 'before 1800'),
('id10', '19250630', 'h', '', 'M2 1/1 202001-', 'age=101 all=ID10', 'older than 100'),
('id10_100', '19250701', 'h', '', 'M2 1/1 202001-', 'age=100 all=', '100 until tomorrow'),
('id10_migrant', '19250630', 'm', '310101|340403001', 'M2 1/1 202001-', 'all=ID10', 'in the migrant register'),
('bn08', '19260630', 'h', '', 'P2 1/3 200901-200912 b1:201001-=100; M2 1/1 202001-', 'age=100 all=BN08', '100 today, in receipt'),
('bn08_99', '19260701', 'h', '', 'P2 1/3 200901-200912 b1:201001-=100; M2 1/1 202001-', 'age=99 all=', '100 tomorrow'),
('bn08_ended', '19260630', 'h', '', 'P2 1/3 200901-200912 b3:201001-202605=100; M2 1/1 202001-', 'all=', 'no longer in receipt'),
('bn08_dead', '19260630', 'h:死亡:20260601', '', 'P2 1/3 200901-200912 b1:201001-=100', 'all=HK04', 'dead this month'),
-- names
('id23', '19800101', 'h', '', 'M2 1/1 202001- name=孙□明', 'all=HK02,ID23', 'a box for a character'),
('id23_register', '19800101', 'h', '', 'M2 1/1 202001-', 'all=ID23', 'the register itself holds a geta mark'),
('id23_private', '19800101', 'h', '', 'M2 1/1 202001-', 'all=ID23', 'a private-use character that no edition maps'),
('id23_dot', '19800101', 'h', '', 'M2 1/1 202001-', 'all=', 'a dot is no damage'),
-- register
('hk07', '19900101', 'h:注销:20250101:逮捕', '', 'M2 1/1 202001-', 'life=41 all=HK07', 'cancelled for arrest'),
('hk07_list', '19900101', 'h', '', 'M2 1/1 202001-; 服刑 20250101-', 'life=41 all=', 'in prison by the list: nothing to ask'),
('hk09', '19900101', 'h:注销:20250101:重复户口', '', '', 'life=32 all=HK09', 'cancelled as a double'),
('hk09_other', '19900101', 'h:注销:20250101:其他', '', '', 'life=32 all=', 'cancelled for another reason'),
('hk16', '19900101', 'h', '340402001', 'M2 1/1 202001-', 'all=HK16', 'in the register of another county too'),
('hk16_same', '19900101', 'h', '340402001', 'M2 1/1 202001-', 'all=', 'twice in one county'),
-- resident pension
('pn15', '20100701', 'h', '', 'P2 1/1 202501-; M2 1/1 202001-', 'age=15 all=PN15', '16 tomorrow'),
('pn15_16', '20100630', 'h', '', 'P2 1/1 202501-; M2 1/1 202001-', 'age=16 all=', '16 today'),
('pn15_paused', '20110101', 'h', '', 'P2 2/2 202501-; M2 1/1 202001-', 'all=', 'not paying'),
('pn15_student', '20050101', 'h', '', 'P2 1/1 202501-; M2 1/1 202001-; 高等学校 20240901-', 'all=PN15', 'on the student list'),
('pn15_over', '20050101', 'h', '', 'P2 1/1 202501-; M2 1/1 202001-; 高等学校 20220901-20260629', 'all=', 'left school yesterday'),
-- employee pension and age
('pn17', '19630531', 'h', '', 'P1 1/1 200001- i2; M2 1/1 202001-', 'all=PN17:1', '60 in May 2023 and three years: June 2026 is the first month beyond'),
('pn17_not', '19630601', 'h', '', 'P1 1/1 200001- i2; M2 1/1 202001-', 'all=', '60 in June 2023: June 2026 is the last month'),
('pn17_25', '19600101', 'h', '', 'P1 1/1 202406- i2; M2 1/1 202001-', 'all=PN17:25', 'began beyond the limit: every paid month'),
('pn17_stopped', '19600101', 'h', '', 'P1 4/3 200001-202605 i2; M2 1/1 202001-', 'all=', 'pays no longer'),
('pn17_draws', '19600101', 'h', '', 'P1 1/1 199001- b1:202002-=3000; M2 1/1 202001-', 'all=', 'draws the pension of the row'),
('pn17_woman', 'F19680531', 'h', '', 'P1 1/1 200001- i2; M2 1/1 202001-', 'all=PN17:1', 'a woman may be a cadre: 55 in May 2023'),
('pn17_woman_not', 'F19680601', 'h', '', 'P1 1/1 200001- i2; M2 1/1 202001-', 'all=', '55 in June 2023'),
('pn17_delayed', '19650501', 'h', '', 'P1 1/1 200001- i2; M2 1/1 202001-', 'all=', 'the reform: 60 and two months, July 2025'),
('pn18', '19700101', 'h', '', 'P1 1/3 199001-202411 b1:202412-=3000; M2 1/1 202001-', 'all=PN18:1=3000', 'a month before 55, which special trades grant'),
('pn18_55', '19700101', 'h', '', 'P1 1/3 199001-202412 b1:202501-=3000; M2 1/1 202001-', 'all=', 'at 55'),
('pn18_woman', 'F19800101', 'h', '', 'P1 1/3 199801-202410 b3:202411-202503=2000; M2 1/1 202001-', 'all=PN18:2=4000', 'a woman: 45 in January 2025; ended since'),
('pn18_woman_45', 'F19800101', 'h', '', 'P1 1/3 199801-202410 b1:202501-=2000; M2 1/1 202001-', 'all=', 'at 45'),
('pn18_p2', '19900101', 'h', '', 'P2 1/3 201001-202012 b1:202101-=100; M2 1/1 202001-', 'all=', 'a resident pension is not asked'),
('pn19', '20100115', 'h', '', 'P1 4/3 202512-202601; M2 1/1 202001-', 'all=PN19:1', '16 in January: December is before'),
('pn19_not', '20100131', 'h', '', 'P1 4/3 202601-202602; M2 1/1 202001-', 'all=', 'the month of the 16th birthday'),
('pn19_rows', '20100115', 'h', '', 'P1 4/3 202510-202511; P1 4/3 202511-202601; M2 1/1 202001-', 'all=PN19:3', 'distinct months over the rows'),
-- pairs
('uw01', '19800101', 'h', '', 'U 1/1 202401- i1 @A; U 1/1 202605- i1 @B', 'all=UW01:2', 'two employers, May and June'),
('uw01_month', '19800101', 'h', '', 'U 4/3 202401-202605 i1 @A; U 1/1 202605- i1 @B', 'all=', 'a change of job inside a month'),
('uw01_touch', '19800101', 'h', '', 'U 4/3 202401-202604 i1 @A; U 1/1 202605- i1 @B', 'all=', 'touching'),
('uw01_unknown', '19800101', 'h', '', 'U 1/1 202401- i1 @A; U 1/1 202601- i1', 'all=', 'an employer that is not known is not another one'),
('uw01_paused', '19800101', 'h', '', 'U 2/2 202401- >202602 i1 @A; U 1/1 202601- i1 @B', 'all=UW01:2', 'paused in the middle: January, February'),
('uw10', '19800101', 'h', '', 'W 1/1 202401- i1 @A; W 1/1 202605- i1 @A', 'all=UW10:2', 'one employer, twice'),
('uw10_month', '19800101', 'h', '', 'W 4/3 202401-202605 i1 @A; W 1/1 202605- i1 @A', 'all=', 'one shared month'),
('uw10_other', '19800101', 'h', '', 'W 1/1 202401- i1 @A; W 1/1 202401- i1 @B', 'all=', 'UW09: two employers are legal'),
('uw02', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; P1 1/1 202604- i1 @A; M1 1/1 202604- i1 @A', 'all=UW02:3=4500 keep=UW02:M1', 'works again; a month counts once, whatever is paid'),
('uw02_fund', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; M1 1/1 202601-', 'all=', 'medical insurance that the fund pays (art. 48)'),
('uw02_flexible', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; P1 1/1 202601- i2', 'all=', 'pays alone'),
('uw02_before', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; P1 4/3 202001-202512 i1 @A', 'all=', 'the old job ended the month before'),
('uw02_u', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-202603=1500; U 1/1 202603- i1 @B', 'all=UW02:1=1500', 'a new U row; the benefit ended in its first month'),
('uw02_paused', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; P1 2/2 202604- >202605 i1 @A', 'all=UW02:2=3000', 'paused in the middle'),
('uw02_open', '19800101', 'h', '', 'U 2/2 202001-202512 b2:202601-=1500; P1 1/1 202604- i1 @A', 'all=', 'a paused benefit without an end has no months'),
-- unemployment benefits that may not run
('uw04', '20000101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; 义务兵 20260215-', 'life=40 all=UW04:4=6000', 'in service: whole months March to June'),
('uw04_stopped', '20000101', 'h', '', 'U 2/2 202001-202512 b1:202601-202602=1500; 义务兵 20260215-', 'all=', 'stopped in the month of the call'),
('uw04_register', '20000101', 'h:注销:20260215:参军', '', 'U 2/2 202001-202512 b1:202601-=1500', 'life=40 all=UW04:4=6000', 'the register says so'),
('uw04_past', '20000101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; 义务兵 20260201-20260331', 'life=10 all=UW04:2=3000', 'released since'),
('uw05', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; 出国定居 20260310-', 'life=33 all=UW05:3=4500', 'settled abroad in March: April to June'),
('uw05_month', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; 出国定居 20260601-', 'life=33 all=', 'the month of the move is still paid'),
('uw05_worker', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; 出国务工 20260310-', 'life=10 all=', 'works abroad: not settled'),
('bn14', '19500101', 'h', '', 'P2 1/3 200901-200912 b1:201002-=100; 取得外国国籍 20260310-', 'life=34 all=BN14:3=300', 'another nationality ends the resident pension'),
('bn14_settled', '19500101', 'h', '', 'P2 1/3 200901-200912 b1:201002-=100; 出国定居 20260310-', 'life=33 all=', 'settled abroad, still a citizen'),
('bn14_p1', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 取得外国国籍 20260310-', 'all=', 'an employee''s pension stays'),
('uw07', '19800101', 'h', '', 'U 2/2 200001-202312 b1:202405-=1000', 'all=UW07:2=2000', '24 months end with April 2026'),
('uw07_24', '19800101', 'h', '', 'U 2/2 200001-202312 b1:202407-=1000', 'all=', 'June is the 24th month'),
('uw07_years', '19800101', 'h', '', 'U 2/2 202101-202312 b1:202505-=1000', 'all=', 'paid three years: 12 months by the law, but years elsewhere are not known'),
('uw07_middle', '19800101', 'h', '', 'U 2/2 201601-202312 b1:202501-=1000', 'all=', 'paid eight years: 18 months by the law'),
('md02_half', '19800101', 'h', '', 'M1 1/1 202602- i1 @A; M2 1/1 202501-', 'all=MD03:5', 'M1 ran five months'),
-- released
('bn05', '19500101', 'h', '', 'P1 2/3 199001-201001 b2:201002-202312=2000; 服刑 20240115-20260415', 'life=10 all=BN05:2', 'released in April: May and June'),
('bn05_month', '19500101', 'h', '', 'P1 2/3 199001-201001 b2:201002-202312=2000; 服刑 20240115-20260510', 'all=', 'released in May: one month'),
('bn05_before', '19500101', 'h', '', 'P1 2/3 199001-201001 b2:201002-202311=2000; 服刑 20240115-20260415', 'all=', 'paused before the sentence, for another reason'),
('bn05_prison', '19500101', 'h', '', 'P1 2/3 199001-201001 b2:201002-202312=2000; 服刑 20240115-20250415; 服刑 20260101-', 'life=41 all=', 'in prison again'),
('bn05_ended', '19500101', 'h', '', 'P1 4/3 199001-201001 b2:201002-202312=2000; 服刑 20240115-20260415', 'all=', 'the relation has ended'),
-- cancelled employers
('md18', '19800101', 'h', '', 'M1 1/1 202001- i1 @E', 'all=MD18', 'the employer is cancelled'),
('md18_paused', '19800101', 'h', '', 'M1 2/2 202001- >202501 i1 @E', 'all=', 'not normal'),
('md18_live', '19800101', 'h', '', 'M1 1/1 202001- i1 @F', 'all=', 'the employer lives'),
('md18_unknown', '19800101', 'h', '', 'M1 1/1 202001- i1 @B', 'all=', 'an employer that no registry knows'),
('em12', '19500101', 'h', '', 'W 1/1 202001- i1 @D', 'all=', 'beyond every retirement month, the only staff of D'),
('dy10', '19800101', 'h', '', 'M1 2/2 202001- >202606 i1 @F', 'all=', 'paused in June, one of two at F'),
('em06_p1', '19800101', 'h', '', 'P1 1/1 202001- i1 @C', 'all=', 'only the employer has a problem'),
-- pairs of the matrix: what stays, touching, open ends
('md06_school', '20050101', 'h', '', 'M2 1/1 202601- a340402 i3; M2 1/1 202605- a340403 i4; 高等学校 20240901-', 'all=MD06:2 keep=MD06:M2_340403', 'the school''s row stays'),
('md06_child', '20150101', 'h', '340404001', 'M2 1/1 202601- a340402 i3; M2 1/1 202605- a340404 i3', 'all=MD06:2 keep=MD06:M2_340404', 'no school''s row: the dwelling'),
('md06_18', '20080630', 'h', '', 'M2 1/1 202601- a340402; M2 1/1 202605- a340403', 'all=MD05:2', '18 today'),
('md06_17', '20080701', 'h', '', 'M2 1/1 202601- a340402; M2 1/1 202605- a340403', 'all=MD06:2', '18 tomorrow'),
('md07_touch', '19800101', 'h', '', 'M2 4/3 202501-202512; M3 1/1 202601-', 'all=', 'touching'),
('md07_month', '19800101', 'h', '', 'M2 4/3 202501-202601; M3 1/1 202601-', 'all=MD07:1', 'one month'),
('md08_open', '19800101', 'h', '', 'M4 1/1 202601-; M2 1/1 202501-', 'all=MD08:6 keep=MD08:M4', 'both open'),
('md01_keep', '19800101', 'h', '', 'M1 1/1 202001- i1 @A a340421; M1 1/1 202101- i2 a340403', 'all=MD01:66 keep=MD01:M1_340421', 'the place of present employment'),
('md01_keep_equal', '19800101', 'h', '', 'M1 1/1 202001- i1 @A a340421; M1 1/1 202001- i2 a340403', 'all=MD01:78 keep=MD01:M1_340421', 'whichever began first'),
('md09_m1', '19800101', 'h', '', 'M5 1/1 202601-; M1 1/1 202501- i2', 'all=MD09:6 keep=MD09:M1', 'M5 is a form of M1'),
('pn09_two', '19500101', 'h', '', 'P2 1/3 200901-200912 b1:202601-=100 a340402; P2 1/3 201001-201012 b1:202604-=130 a340403; P2 1/3 201101-201112 b1:202606-=150 a340404', 'all=PN09:3=540', 'two benefits to stop: 3 × 130 + 1 × 150'),
('pn09_touch', '19500101', 'h', '', 'P2 1/3 200901-200912 b3:202501-202512=100 a340402; P2 1/3 201001-201012 b1:202601-=130 a340403', 'all=', 'touching'),
('pn14', '19800101', 'h', '', 'P4 1/1 202001-; P1 1/1 202001- i2; M2 1/1 202001-', 'all=', 'PN14: legal'),
('md10', '19800101', 'h', '', 'M6 1/1 202001-; M2 1/1 202001-', 'all=', 'MD10: legal'),
-- for rules that are off as shipped
('cl07', '20010630', 'h', '', 'M2 1/1 202001-; 高等学校 20240901-', 'age=25 all=', 'student of 25'),
('cl07_24', '20010701', 'h', '', 'M2 1/1 202001-; 高等学校 20240901-', 'age=24 all=', 'student of 24'),
('pn16', '19600101', 'h', '', 'P2 1/1 202002-; M2 1/1 202001-', 'all=', 'began the month after 60'),
('pn16_60', '19600101', 'h', '', 'P2 1/1 202001-; M2 1/1 202001-', 'all=', 'began with 60'),
('pn20', '19660301', 'h', '', 'P1 4/3 201101-202512 i2; M2 1/1 202001-', 'all=', '60 and four months: July 2026 is not yet'),
('pn20_60', '19651201', 'h', '', 'P1 4/3 201201-202512 i2; M2 1/1 202001-', 'all=', '60 and three months, March 2026; 168 of 180 months'),
('pn20_enough', '19651201', 'h', '', 'P1 4/3 201101-202512 i2; M2 1/1 202001-', 'all=', '180 months'),
('pn21', '19800101', 'h', '', 'P1 1/1 202601- a340402 i2; P1 1/1 202605- a340402001 i2; M2 1/1 202001-', 'all=', 'one agency, twice'),
('pn23', '19800101', 'h', '', 'P2 1/1 202001- >202707; M2 1/1 202001-', 'all=', '13 months ahead'),
('pn23_12', '19800101', 'h', '', 'P2 1/1 202001- >202706; M2 1/1 202001-', 'all=', '12 months ahead'),
('bn11', '19500101', 'h', '', 'M2 4/3 202001-202512; 死亡 20260101-', 'life=21 all=', 'dead by a list, live in the register'),
('bn10', '19500101', 'h:死亡:20260110', '', 'M2 4/3 202001-202512; 火化 20260109-', 'life=20 all=', 'cremated the day before the death'),
('bn10_not', '19500101', 'h:死亡:20260110', '', 'M2 4/3 202001-202512; 火化 20260110-', 'life=20 all=', 'cremated on the day'),
('bn16', '19500101', 'h', '', 'P2 1/3 200901-200912 b1:202601-=100; P2 1/3 201001-201012 b1:202606-=120; M2 1/1 202001-', 'all=', 'June twice by one agency'),
('id24', '19800101', 'h', '', 'M2 1/1 202001-', 'all=', 'pinyin'),
('id26', '19800101', 'h', '', 'M2 1/1 202001-', 'all=', 'brackets'),
('hk15', '20250101', 'h', '', 'P2 2/2 202501-', 'age=1 all=', 'a child of one'),
('cl17', '19800101', 'm', '310101|340403001', 'W 1/1 202001- i1 @A', 'all=', 'only work injury'),
('md19', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; M2 1/1 202601-', 'all=', 'nobody pays M1'),
('md19_paid', '19800101', 'h', '', 'U 2/2 202001-202512 b1:202601-=1500; M1 1/1 202601-', 'all=', 'the fund pays M1');
UPDATE given g SET name = v.name FROM (VALUES ('id23', '孙小明'), ('id23_register', '郑〓华'), ('id23_private', '郑' || U&'\E123' || '国'),
	('id23_dot', '阿依古丽·买买提'), ('id24', '王xin国'), ('id26', '周大明(小)')) AS v (k, name) WHERE v.k = g.k;
SELECT name, count(*) FROM whom GROUP BY 1 HAVING count(*) > 1;

INSERT INTO employer_letter VALUES ('G', '91349900MA2N000364');  -- a region that never was
CREATE FUNCTION employers(states text) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'统一社会信用代码,单位名称,单位类型,登记区划,地址,法定代表人,职工人数,登记状态,成立日期\n' ||
	string_agg(format(E'%s,单位%s,企业,340402,,,3,%s,20200101\n', e.code, e.letter, s.state), ''), 'UTF8')
FROM regexp_split_to_table(states, ',') AS x, split_part(x, '=', 1) AS l(letter), split_part(x, '=', 2) AS s(state)
JOIN employer_letter e ON true WHERE e.letter = split_part(x, '=', 1) $$;

\qecho -- first delivery, 2026-06-30
SELECT deliver('2026-06-30', 'police_household', 'police_migrant', 'pension_employee', 'pension_resident', 'medical_employee', 'medical_resident',
	'medical_rural', 'unemployment', 'injury', 'civil_affairs_death', 'justice_prison', 'army', 'school', 'abroad') \g /dev/null
SELECT registry.receive('employer_registry', '2026-06-30', employers('A=存续,C=吊销,D=存续,E=注销,F=存续,G=存续')) \g /dev/null
SELECT registry.receive('police_other_county', '2026-06-30', (SELECT convert_to(E'公民身份号码,姓名,性别,出生日期,户籍地,管理状态\n' ||
	string_agg(format(E'%s,%s,男,%s,%s,正常\n', w.number, w.name, substr(w.number, 7, 8), CASE w.k WHEN 'hk16' THEN '340421001' ELSE '340402002' END), ''), 'UTF8')
	FROM whom w WHERE w.k IN ('hk16', 'hk16_same'))) \g /dev/null
SELECT source, line_no, code, message FROM registry.reject_list;
SELECT * FROM settle('first');
SELECT rule_id, employer, schemes, evidence, severity, handler FROM registry.problem_list WHERE person_id IS NULL AND state <> 'closed' ORDER BY 1, 2;

--
-- Time alone: what begins with a day, begins on that day
--
INSERT INTO later VALUES
	('july', 'id09_120', 'all=ID09', '121 now'), ('july', 'id09_future', 'all=', 'born'), ('july', 'id10_100', 'all=ID10', '101 now'),
	('july', 'bn08_99', 'all=BN08', '100 now'), ('july', 'pn15', 'all=', '16 now'), ('july', 'pn17', 'all=PN17:2', 'another month'),
	('july', 'pn17_not', 'all=PN17:1', 'the limit has passed'), ('july', 'pn17_woman_not', 'all=PN17:1', 'the limit has passed'),
	('july', 'uw01', 'all=UW01:3', 'grows'), ('july', 'uw01_month', 'all=', 'one month for ever'), ('july', 'uw02', 'all=UW02:4=6000', 'grows'),
	('july', 'uw04', 'all=UW04:5=7500', 'grows'), ('july', 'uw04_past', 'all=UW04:2=3000', 'over'), ('july', 'uw05_month', 'all=UW05:1=1500', 'the month after the move'),
	('july', 'bn14', 'all=BN14:4=400', 'grows'), ('july', 'uw07', 'all=UW07:3=3000', 'grows'), ('july', 'uw07_24', 'all=UW07:1=1000', 'the 25th month'),
	('july', 'bn05', 'all=BN05:3', 'another month'), ('july', 'bn05_month', 'all=BN05:2', 'two months now'), ('july', 'md06_17', 'all=MD05:3', '18 now'),
	('july', 'pn18', 'all=PN18:1=3000', 'over'), ('july', 'md08_open', 'all=MD08:7', 'grows');
\qecho -- time alone, 2026-07-31
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES ('late', '19800101', '', '', '低保 20260701-', '', '');
SELECT deliver('2026-07-31', 'low_income') \g /dev/null
SELECT * FROM settle('july');

--
-- An employer's registration reaches its people
--
INSERT INTO later VALUES ('employers', 'md18', 'all=', 'alive again'), ('employers', 'md18_live', 'all=MD18', 'cancelled now'), ('employers', 'md18_paused', 'all=', 'as before');
\qecho -- employer E revived, F cancelled; judged: their people only
SELECT registry.receive('employer_registry', '2026-07-31', employers('A=存续,C=存续,D=存续,E=存续,F=注销,G=存续')) \g /dev/null
SELECT * FROM settle('employers');
SELECT rule_id, employer, evidence FROM registry.problem_list WHERE person_id IS NULL AND state <> 'closed' ORDER BY 1, 2;

--
-- Rules that are off, switched on; parameters; dates
--
INSERT INTO later VALUES
	('on', 'cl07', 'all=CL07', '25'), ('on', 'cl07_24', 'all=CL07', '25 since July 1'), ('on', 'pn16', 'all=PN16:78', 'February 2020 to July 2026'), ('on', 'pn16_60', 'all=', 'with 60'),
	('on', 'pn20', 'all=', 'July 2026: 180 months'), ('on', 'pn20_60', 'all=PN20:12', '168 of 180'), ('on', 'pn20_enough', 'all=', '180'),
	('on', 'pn21', 'all=DP10,PN21:3', 'May to July'), ('on', 'pn23', 'all=', '12 months ahead now'), ('on', 'bn11', 'all=BN11', 'ask the police'),
	('on', 'bn10', 'all=BN10', 'dates conflict'), ('on', 'bn10_not', 'all=', 'same day'), ('on', 'bn16', 'all=BN16:2=200,DP10', 'June, July'),
	('on', 'id24', 'all=ID24', 'Latin letters'), ('on', 'id26', 'all= name=周大明', 'intake cuts notes off'), ('on', 'hk15', 'all=HK15', 'no medical insurance'),
	('on', 'cl17', 'all=CL17,ID28', 'W alone; dwelling known to the town only'), ('on', 'id10_migrant', 'all=ID28', 'dwelling known to the town only'), ('on', 'em12', 'all=CL17', 'W alone; the employer has EM12'), ('on', 'md19', 'all=MD19', 'M1 is missing'), ('on', 'md19_paid', 'all=', 'M1 is paid'),
	('on', 'pn18_55', 'all=PN18:19=57000', 'no special trades: a man of 1970 may go at 60 at the earliest'),
	('on', 'pn18_woman_45', 'all=PN18:19=38000', 'no special trades: 50 at the earliest'), ('on', 'pn18', 'all=PN18:20=60000', 'every month'),
	('on', 'uw07_years', 'all=MD19,UW07:3=3000', '12 months for three paid years'), ('on', 'uw07_24', 'all=MD19,UW07:1=1000', '24 years paid'),
	('on', 'uw07_middle', 'all=MD19,UW07:1=1000', '18 months for eight paid years'), ('on', 'md02_half', 'all=MD03:6', 'another month'),
	('on', 'uw01_month', 'all=DP10,UW01:1', 'one month is enough now'), ('on', 'id10_100', 'all=', 'only from 105'), ('on', 'pn15_16', 'all=PN15', 'under 18 now'),
	('on', 'bn05', 'all=', 'not before four months'), ('on', 'md06_18', 'all=DP10,MD06:3', 'minor until 19'), ('on', 'pn19_not', 'all=PN19:2', '17 is the age');
\qecho -- rules on, parameters changed; compare() judges everybody by itself
SELECT count(registry.set_rule(r, active => true)) FROM unnest('{DP10,CL07,PN16,PN20,PN21,PN23,BN11,BN10,BN16,ID24,ID28,HK15,HK13,CL17,MD19,EM02,EM12,EM14,DY10}'::text[]) AS r;
SELECT (registry.set_rule(v.r, parameters => v.p::jsonb)).parameters
FROM (VALUES ('PN18', '{"special_months": 0}'), ('UW07', '{"by_paid_years": true}'), ('UW01', '{"least_months": 1}'), ('ID10', '{"age": 104}'),
	('PN15', '{"age": 18}'), ('BN05', '{"months": 3}'), ('MD06', '{"age": 19}'), ('PN19', '{"age": 17}'), ('EM12', '{"least_staff": 1}'), ('DY10', '{"least_staff": 2}')) AS v (r, p);
SELECT * FROM settle('on');
SELECT rule_id, employer, evidence - 'batch_id' AS evidence FROM registry.problem_list WHERE person_id IS NULL AND state <> 'closed' ORDER BY 1, 2;

\qecho -- a rule between its dates
INSERT INTO later VALUES ('dated', 'id24', 'all=', 'no law yet'), ('dated', 'cl17', 'all=ID28', 'law no longer'), ('dated', 'id10_migrant', 'due=M', 'the old duty'), ('dated', 'hk15', 'all=HK15', 'its last day');
-- what migrants owe changes by law on August 1
UPDATE registry.due_rule SET valid_to = '2026-07-31' WHERE condition = 'migrant';
INSERT INTO registry.due_rule (rank, condition, due, valid_from, law) VALUES (110, 'migrant', '{pension,medical}', '2026-08-01', '试');
SELECT r.rule_id, r.valid_from, r.valid_to FROM registry.set_rule('ID24', valid_from => '2026-08-01') r
UNION ALL SELECT r.rule_id, r.valid_from, r.valid_to FROM registry.set_rule('CL17', valid_to => '2026-07-30') r
UNION ALL SELECT r.rule_id, r.valid_from, r.valid_to FROM registry.set_rule('HK15', valid_to => '2026-07-31') r;
SELECT * FROM settle('dated');
INSERT INTO later VALUES ('passed', 'id24', 'all=ID24', 'law now'), ('passed', 'id10_migrant', 'due=PM', 'the new duty'), ('passed', 'hk15', 'all=', 'law no longer'), ('passed', 'cl17', 'all=ID28', 'law no longer');
INSERT INTO registry.setting (name, value) VALUES ('reference_date', '2026-08-01');
SELECT * FROM settle('passed');
DELETE FROM registry.setting WHERE name = 'reference_date';
CALL registry.compare();

\qecho -- the law of the day: mergers and pairs between their dates
INSERT INTO later VALUES ('merged', 'pn17_not', 'gap=', ''), ('merged', 'md07_month', 'all=', 'pairs of that law are not asked any more');
UPDATE registry.conflict_rule SET valid_to = '2026-07-30' WHERE rule_id = 'MD07';
DELETE FROM later WHERE step = 'merged' AND k = 'pn17_not';
SELECT * FROM settle('merged');

\qecho -- further parameters
INSERT INTO later VALUES
	('parameters', 'pn17', 'all=PN17:1', 'a month later'), ('parameters', 'id10', 'all=ID09', 'nobody is 101'), ('parameters', 'cl07', 'all=', '25 is no age'),
	('parameters', 'pn16', 'all=', '60 is no age'), ('parameters', 'pn23', 'all=PN23', '12 months ahead of July'), ('parameters', 'pn23_12', 'all=', '11 months ahead of July'),
	('parameters', 'bn08', 'all=PN16:12', '100 is no age; began at 82'), ('parameters', 'uw02', 'all=', 'four months are few'), ('parameters', 'uw10', 'all=DP10', 'three months are few'),
	('parameters', 'md02_half', 'all=MD02:6', 'half a year is enough'), ('parameters', 'uw07_years', 'all=MD19,UW07:1=1000', '14 months'),
	('parameters', 'uw07_middle', 'all=MD19', '19 months'), ('parameters', 'uw07_24', 'all=MD19', '25 months'),
	('window', 'md02_half', 'all=MD03:6', 'five months looked at hold no six');
SELECT count(registry.set_rule(v.r, parameters => v.p::jsonb))
FROM (VALUES ('PN17', '{"months": 37}'), ('ID09', '{"age": 100}'), ('CL07', '{"age": 26}'), ('PN16', '{"age": 61}'), ('PN23', '{"months": 11}'), ('BN08', '{"age": 101}'),
	('UW02', '{"least_months": 5}'), ('UW10', '{"least_months": 4}'), ('MD02', '{"months": 6}'), ('UW07', '{"months_short": 14, "months_middle": 19, "months_full": 25}')) AS v (r, p);
SELECT * FROM settle('parameters');
SELECT count(registry.set_rule('MD02', parameters => '{"window": 5}'));
SELECT * FROM settle('window');

--
-- What is refused
--
\qecho -- refused
SELECT refused($$SELECT registry.set_rule('XX99', active => true)$$) AS set_rule
UNION ALL SELECT refused($$SELECT registry.set_rule('BN06', active => true)$$)
UNION ALL SELECT refused($$SELECT registry.set_rule('PN15', parameters => '{"years": 16}')$$)
UNION ALL SELECT refused($$SELECT registry.set_rule('PN15', parameters => '{"age": "old"}')$$)
UNION ALL SELECT refused($$SELECT registry.set_rule('PN15', parameters => '{"age": 16.5}')$$)
UNION ALL SELECT refused($$SELECT registry.set_rule('PN15', parameters => '{"age": -1}')$$)
UNION ALL SELECT refused($$SELECT registry.set_rule('UW07', parameters => '{"by_paid_years": 1}')$$)
UNION ALL SELECT refused($$UPDATE registry.rule SET parameters = '{}' WHERE rule_id = 'PN15'$$)
UNION ALL SELECT split_part(refused($$UPDATE registry.rule SET active = true WHERE rule_id = 'BN06'$$), ' | Failing row', 1)
UNION ALL SELECT refused($$SELECT registry.drop_rule('PN15')$$);
-- a value that no check of the table sees is found by compare(), and nothing is changed
UPDATE registry.rule SET parameters = '{"age": 99}' WHERE rule_id = 'PN15';
SELECT refused('CALL registry.compare()') AS compare;
UPDATE registry.rule SET parameters = '{"age": 16}' WHERE rule_id = 'PN15';
CREATE FUNCTION added(predicate text) RETURNS text LANGUAGE sql AS $$ SELECT refused(format('SELECT registry.add_rule(%L, %L, %L, %L)', 'L99', '试', 'M', predicate)) $$;
SELECT p AS predicate, added(p) AS refused FROM unnest(ARRAY[
	'', '   ', 'age >', 'age > 1; DELETE FROM registry.person', 'true); DELETE FROM registry.person; SELECT (true', 'true) OR (true', 'true FROM registry.person',
	'true WHERE true', 'true, false', 'true AS x', 'DISTINCT true', 'true ORDER BY 1', 'true LIMIT 1', 'true UNION SELECT true', 'age', '1 / 0', 'no_such_column = 1',
	'no_such_function(age)', 'random() < 0.5', 'nextval(''registry.problem_id_seq'') > 0', 'count(*) > 0', 'generate_series(1, 2) = 1', 'age > $1', 'clock_timestamp() > now()',
	'EXISTS (WITH gone AS (DELETE FROM registry.person RETURNING 1) SELECT FROM gone)', 'EXISTS (SELECT FROM registry.person FOR UPDATE)', 'age > 1 /* open', 'true \gexec',
	'DROP TABLE registry.person', 'CREATE TABLE x ()']) AS p;
SELECT refused($$SELECT registry.add_rule('PN99', '试', 'M', 'true')$$) AS id
UNION ALL SELECT refused($$SELECT registry.add_rule('l1', '试', 'M', 'true')$$)
UNION ALL SELECT refused($$SELECT registry.add_rule('LOCALRULE_TOO_LONG', '试', 'M', 'true')$$)
UNION ALL SELECT refused($$SELECT registry.add_rule('L1', '试', 'X', 'true')$$)
UNION ALL SELECT refused($$SELECT registry.add_rule('L1', NULL, 'M', 'true')$$)
UNION ALL SELECT refused($$SELECT registry.add_rule('L1', '试', 'M', NULL)$$)
UNION ALL SELECT refused($$UPDATE registry.rule SET predicate = 'age' WHERE rule_id = 'CL17'$$);

--
-- Rules that the DBA writes
--
\qecho -- local rules
SELECT registry.add_rule('L01', '大学生', 'L', 'EXISTS (SELECT FROM registry.circumstance c WHERE c.person_id = p.person_id AND c.kind_text = ''高等学校'' AND c.ended_on IS NULL)  -- a comment at the end');
SELECT registry.add_rule('L02', '恰四十六岁', 'I', 'age = 46 AND name = ''孙小明''');
SELECT registry.add_rule('L03', '居民医保在缴', 'M', $$paying = 'M2' AND territory = '340404001'$$, handler => 'M', law => '市办法 1');
SELECT registry.add_rule('L04', '会出错', 'M', $$name = '阿依古丽·买买提' AND 1 / (age - age) > 0$$);
SELECT refused($$SELECT registry.add_rule('L01', '试', 'M', 'true')$$);
SELECT rule_id, rule_group, scope, severity, handler, law, local FROM registry.rule WHERE local ORDER BY 1;
SET client_min_messages = warning;
CALL registry.compare();
SELECT l.rule_id, w.k, l.title, l.severity, l.handler FROM registry.problem_list l JOIN whom w ON registry.find_person(w.number) = l.person_id WHERE l.rule_id LIKE 'L0%' AND l.state = 'open' ORDER BY 1, 2;
SELECT rule_id, last_error, last_error_at IS NOT NULL AS dated FROM registry.rule WHERE last_error IS NOT NULL;
SET client_min_messages = error;
SELECT * FROM facts_hold('local');
\qecho -- time changes the answer of L02, a new list that of L01; L03 breaks and keeps its problem; L04 is mended
INSERT INTO given (k, born, register, place, rows, expected, sentence, name) VALUES
	('l02', '19800815', 'h', '', 'M2 1/1 202001-', '', '', '孙小明二');
UPDATE registry.rule SET predicate = 'age = 46 AND name IN (''孙小明'', ''孙小明二'')' WHERE rule_id = 'L02';
UPDATE registry.rule SET predicate = $$territory = '340404001' AND 1 / (length(class) - length(class)) = 0$$ WHERE rule_id = 'L03';
UPDATE registry.rule SET predicate = $$name = '阿依古丽·买买提'$$ WHERE rule_id = 'L04';
UPDATE given SET rows = 'M2 1/1 202001-' WHERE k = 'cl07_24';
UPDATE given SET register = '' WHERE k = 'id09_today';
SELECT deliver('2026-07-31', 'police_household', 'school', 'medical_resident') \g /dev/null
CALL registry.compare();
SELECT l.rule_id, w.k FROM registry.problem_list l JOIN whom w ON registry.find_person(w.number) = l.person_id WHERE l.rule_id LIKE 'L0%' AND l.state = 'open' ORDER BY 1, 2;
SELECT rule_id, last_error FROM registry.rule WHERE last_error IS NOT NULL;
SELECT l.rule_id, w.k FROM registry.problem_list l JOIN whom w ON registry.find_person(w.number) = l.person_id WHERE l.rule_id = 'HK13' AND l.state = 'open';
UPDATE given SET rows = '低保 20260702-' WHERE k = 'late';
SELECT deliver('2026-08-31', 'low_income') \g /dev/null
CALL registry.compare();
SELECT l.rule_id, w.k FROM registry.problem_list l JOIN whom w ON registry.find_person(w.number) = l.person_id WHERE l.rule_id = 'L02' AND l.state = 'open' ORDER BY 1, 2;
SELECT * FROM facts_hold('local later');
\qecho -- dropped rules close their problems, and deploy() changes nothing that the DBA set
SELECT registry.drop_rule(r) FROM unnest('{L01,L02,L03,L04}'::text[]) AS r;
CREATE TABLE before_deploy AS SELECT r.* FROM registry.rule r;
CALL registry.deploy();
SELECT count(*) FROM (TABLE before_deploy EXCEPT SELECT r.* FROM registry.rule r) d;
CALL registry.compare();
SELECT state, count(*) FROM registry.problem_list WHERE rule_id LIKE 'L0%' GROUP BY 1;
SELECT * FROM facts_hold('dropped');

--
-- The catalogue itself
--
\qecho -- catalogue: rules by group and where their answer stands
SELECT rule_group, count(*) AS rules, count(*) FILTER (WHERE r.waits_for IS NULL) AS carried, count(*) FILTER (WHERE answered_by = 'problem' AND waits_for IS NULL) AS problem
FROM registry.rule r WHERE NOT local GROUP BY 1 ORDER BY 1;
SELECT rule_id FROM registry.rule WHERE law = '' OR title = '' OR title_en = '' OR handler = '';
SELECT rule_id FROM registry.rule WHERE active AND waits_for IS NOT NULL;
-- every parameter is read: taking one away is noticed
SELECT r.rule_id, k.key FROM registry.rule r, jsonb_object_keys(r.parameters) k(key) ORDER BY 1, 2;
-- law of every pair that names what stays
SELECT rule_id FROM registry.conflict_rule WHERE keep <> 'choice' AND keep_law IS NULL;

--
-- Retirement months, counted out from the text of the law: every four months of
-- birth (two, for women of 50) one month more, until 36 (60) are reached.
--
\qecho -- retirement months that differ from those counted out
CREATE TABLE law_text (sex text, kind text, old_age int, first date, births int, cap int);
INSERT INTO law_text VALUES ('M', NULL, 60, '1965-01-01', 4, 36), ('F', 'cadre', 55, '1970-01-01', 4, 36), ('F', 'worker', 50, '1975-01-01', 2, 60);
CREATE TABLE counted AS
WITH RECURSIVE steps AS (
	SELECT l.sex, l.kind, l.old_age, l.births, l.cap, (l.first - interval '24 months')::date AS birth, 0 AS delay, -24 AS n FROM law_text l
	UNION ALL
	SELECT s.sex, s.kind, s.old_age, s.births, s.cap, (s.birth + interval '1 month')::date,
		   CASE WHEN s.n + 1 >= 0 AND (s.n + 1) % s.births = 0 AND s.delay < s.cap THEN s.delay + 1 ELSE s.delay END, s.n + 1
	FROM steps s WHERE s.n < 200
)
SELECT sex, kind, birth, delay, to_char(birth + make_interval(years => old_age, months => delay), 'YYYYMM')::int AS month FROM steps;
SELECT c.* , registry.retirement_month(c.sex, c.kind, c.birth) AS found FROM counted c
WHERE registry.retirement_month(c.sex, c.kind, c.birth) IS DISTINCT FROM c.month
   OR registry.retirement_month(c.sex, c.kind, (c.birth + interval '1 month - 1 day')::date) IS DISTINCT FROM c.month;
SELECT count(*) AS months_of_birth, count(*) FILTER (WHERE delay = 0) AS not_delayed, max(delay) AS most FROM counted;
-- the examples of the published tables: birth, age at retirement, month
SELECT v.* , registry.retirement_month(v.sex, v.kind, v.birth) AS found
FROM (VALUES ('M', NULL, date '1964-12-31', 202412), ('M', NULL, '1965-01-01', 202502), ('M', NULL, '1965-04-30', 202505), ('M', NULL, '1965-05-01', 202507), ('M', NULL, '1972-09-15', 203409),
	('M', NULL, '1976-08-31', 203907), ('M', NULL, '1976-09-01', 203909), ('M', NULL, '1990-02-28', 205302), ('F', 'cadre', '1969-12-31', 202412), ('F', 'cadre', '1970-01-01', 202502),
	('F', 'cadre', '1981-08-01', 203907), ('F', 'cadre', '1981-09-01', 203909), ('F', 'worker', '1974-12-31', 202412), ('F', 'worker', '1975-01-01', 202502), ('F', 'worker', '1975-02-28', 202503),
	('F', 'worker', '1975-03-01', 202505), ('F', 'worker', '1984-10-31', 203909), ('F', 'worker', '1984-11-01', 203911), ('F', 'worker', '1984-12-01', 203912)) AS v (sex, kind, birth, month)
WHERE registry.retirement_month(v.sex, v.kind, v.birth) IS DISTINCT FROM v.month;
\qecho -- bounds, the law of earlier days, kinds that are not known
SELECT v.*, b.* FROM (VALUES ('M', NULL, date '1964-12-31', NULL::date), ('M', NULL, '1965-01-01', NULL), ('M', NULL, '1976-09-01', NULL), ('M', NULL, '1976-09-01', '2024-12-31'),
	('F', 'worker', '1984-11-01', NULL), ('F', 'worker', '1975-01-01', NULL), ('F', NULL, '1980-01-01', NULL), ('F', NULL, '1960-01-01', NULL), ('M', 'cadre', '1976-09-01', NULL), ('M', NULL, NULL, NULL)) AS v (sex, kind, birth, law_of),
	LATERAL registry.retirement_bounds(v.sex, v.kind, v.birth, v.law_of) b;
SELECT refused($$SELECT registry.retirement_month('X', NULL, '1980-01-01')$$) AS refused
UNION ALL SELECT refused($$SELECT registry.retirement_month('F', 'man', '1980-01-01')$$)
UNION ALL SELECT refused($$SELECT registry.retirement_month('F', '50', '1980-01-01')$$)
UNION ALL SELECT refused($$SELECT registry.retirement_month('M', NULL, 'infinity')$$);
\qecho -- contribution months needed
SELECT string_agg(y || ':' || registry.minimum_contribution_months(make_date(y, 12, 31)), ' ' ORDER BY y) FROM unnest('{1996,1997,2024,2029,2030,2031,2032,2038,2039,2040,2060}'::int[]) AS y;
SELECT registry.minimum_contribution_months('2029-12-31') AS before, registry.minimum_contribution_months('2030-01-01') AS after;

\qecho -- expectations by step, those not met
SELECT step, count(*) AS checked, count(*) FILTER (WHERE found IS DISTINCT FROM expected) AS not_met FROM checked GROUP BY 1 ORDER BY 1;
\c :regress_database
SET client_min_messages = warning;
DROP DATABASE registry_rules;
