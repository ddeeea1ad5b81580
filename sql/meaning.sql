-- The meaning of the facts (design, section 11), sentence by sentence, on
-- persons worked out by hand.  What is expected stands beside each person as it
-- follows from the document; only what differs is printed.
\set ECHO none
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS registry_meaning;
CREATE DATABASE registry_meaning TEMPLATE template0 ENCODING 'UTF8';
SELECT current_database() AS regress_database \gset
\c registry_meaning
\set QUIET on
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
CREATE EXTENSION registry;
CALL registry.deploy('340400');
-- small hand-made extracts shrink by more than a twentieth
UPDATE registry.source SET shrink_limit = 1;

CREATE SCHEMA spec;
SET search_path = spec, registry, public;

-- how persons and facts are written below
\getenv source PG_ABS_SRCDIR
\set notation :source '/sql/notation/facts.sql'
\i :notation

--
-- Persons
--
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES
-- paid months, seen through the overlap of a P1 row with a P2 row of 2023-01 on
('pm_open', '19800101', 'h', '', 'P1 1/1 202401-; P2 1/1 202301-', 'money=PN02:6', 'paid months end with the reference month'),
('pm_end', '19800101', 'h', '', 'P1 1/1 202401-202403; P2 1/1 202301-', 'money=PN02:3', 'paid months end with 终止年月'),
('pm_through', '19800101', 'h', '', 'P1 1/1 202401- >202404; P2 1/1 202301-', 'money=PN02:4', 'paid months end with 缴至年月'),
('pm_end_through', '19800101', 'h', '', 'P1 1/1 202401-202405 >202403; P2 1/1 202301-', 'money=PN02:3', 'the earliest counts: 缴至'),
('pm_through_end', '19800101', 'h', '', 'P1 1/1 202401-202402 >202405; P2 1/1 202301-', 'money=PN02:2', 'the earliest counts: 终止'),
('pm_prepaid', '19800101', 'h', '', 'P1 1/1 202401- >202412; P2 1/1 202301-', 'money=PN02:6', 'the earliest counts: reference month'),
('pm_future', '19800101', 'h', '', 'P1 1/1 202407-; P2 1/1 202301-', 'money= paying=P2 paused=', 'a row that begins after the reference month has no paid months and pays nothing'),
('pm_ended', '19800101', 'h', '', 'P1 4/3 202401-202403; P2 1/1 202301-', 'money=PN02:3 paying=P2 paused= receiving=', '参保状态 4 gives none of the planes, only paid months'),
('pm_paused', '19800101', 'h', '', 'P1 2/2 202401- >202402; P2 1/1 202301-', 'money=PN02:2 paying=P2 paused=P1', 'a paused row has paid months to 缴至年月'),
('pm_touch', '19800101', 'h', '', 'P1 4/3 202001-202006; P2 4/3 202006-202012', 'money=PN02:1', 'appendix A: June is shared, one month'),
('pm_next', '19800101', 'h', '', 'P1 4/3 202001-202005; P2 4/3 202006-202012', 'money=', 'no month is shared'),
('pm_only_month', '19800101', 'h', '', 'P1 4/3 202006-202006; P2 4/3 202001-202012', 'money=PN02:1', 'start and end in one month are one paid month'),
('pm_year_end', '19800101', 'h', '', 'P1 4/3 202211-202302; P2 4/3 202212-202301', 'money=PN02:2', 'months run over the year'),
-- benefit months, seen through PN07 against a P2 benefit of 2023-01 on
('bm_running', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-=2000; P2 1/3 200101-200112 b1:202301-=100', 'money=PN07:6=600 receiving=P1,P2', 'benefit months run to the reference month'),
('bm_to', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-202404=2000; P2 1/3 200101-200112 b1:202301-=100', 'money=PN07:4=400 receiving=P2', 'benefit months end with 待遇终止'),
('bm_to_future', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-202612=2000; P2 1/3 200101-200112 b1:202301-=100', 'money=PN07:6=600', 'the earlier of 待遇终止 and the reference month'),
('bm_2_to', '19500101', 'h', '', 'P1 2/3 199001-200012 b2:202401-202403=2000; P2 1/3 200101-200112 b1:202301-=100', 'money=PN07:3=300 receiving=P2', '待遇状态 2 with 待遇终止 has benefit months'),
('bm_2_open', '19500101', 'h', '', 'P1 2/3 199001-200012 b2:202401-=2000; P2 1/3 200101-200112 b1:202301-=100', 'money= receiving=P2', '待遇状态 2 without 待遇终止 has none'),
('bm_3_to', '19500101', 'h', '', 'P1 1/3 199001-200012 b3:202401-202402=2000; P2 1/3 200101-200112 b1:202301-=100', 'money=PN07:2=200 receiving=P2', '待遇状态 3 with 待遇终止 has benefit months'),
('bm_3_open', '19500101', 'h', '', 'P1 1/3 199001-200012 b3:202401-=2000; P2 1/3 200101-200112 b1:202301-=100', 'money= receiving=P2', '待遇状态 3 without 待遇终止 has none'),
('bm_0', '19500101', 'h', '', 'P1 1/3 199001-200012 b0:202401-202403=2000; P2 1/3 200101-200112 b1:202301-=100', 'money= receiving=P2', '待遇状态 0 has no benefit months'),
('bm_future', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202407-=2000; P2 1/3 200101-200112 b1:202301-=100', 'money= receiving=P2', 'a benefit that begins after the reference month'),
-- paying and its lag
('pay_now', '19800101', 'h', '', 'P1 1/1 202001- >202406', 'paying=P1 paused=', 'paid to the reference month'),
('pay_lag1', '19800101', 'h', '', 'P1 1/1 202001- >202405', 'paying=P1 paused=', 'one month behind'),
('pay_lag2', '19800101', 'h', '', 'P1 1/1 202001- >202404', 'paying=P1 paused=', 'exactly two months behind is still paying'),
('pay_lag3', '19800101', 'h', '', 'P1 1/1 202001- >202403', 'paying= paused=P1', 'exactly three months behind is paused'),
('pay_lag_year', '19800101', 'h', '', 'M2 1/1 202001- >202312', 'paying= paused=M2', 'three or more months behind is paused, any scheme'),
('pay_ahead', '19800101', 'h', '', 'P2 1/1 202001- >202412', 'paying=P2 paused=', 'paid ahead'),
('pay_open', '19800101', 'h', '', 'P2 1/1 202001-', 'paying=P2 paused=', 'no 缴至年月: the paid months hold the reference month'),
('pay_end_now', '19800101', 'h', '', 'P1 1/1 202001-202406', 'paying=P1', '终止年月 not before the reference month'),
('pay_end_before', '19800101', 'h', '', 'P1 1/1 202001-202405', 'paying=', '终止年月 before the reference month: not paying'),
('pay_end_through', '19800101', 'h', '', 'P1 1/1 202001-202405 >202412', 'paying=', 'not paying after 终止年月, whatever its 缴至年月'),
('pay_end_ahead', '19800101', 'h', '', 'P1 1/1 202001-202412 >202404', 'paying=P1', 'open end ahead, two months behind'),
('pay_start_now', '19800101', 'h', '', 'P1 1/1 202406-', 'paying=P1', '开始年月 in the reference month'),
('pay_2_1', '19800101', 'h', '', 'P1 2/1 202001-', 'paying= paused=P1', '参保状态 2 is paused'),
('pay_1_2', '19800101', 'h', '', 'P1 1/2 202001-', 'paying= paused=P1', '缴费状态 2 is paused'),
('pay_2_2', '19800101', 'h', '', 'P1 2/2 202001- >202406', 'paying= paused=P1', 'paused although paid to the reference month'),
('pay_4_1', '19800101', 'h', '', 'P1 4/1 202001-', 'paying= paused= receiving=', 'an ended relation is not paying'),
('pay_4_2', '19800101', 'h', '', 'P1 4/2 202001-', 'paying= paused=', 'an ended relation is not paused'),
('pay_1_3', '19800101', 'h', '', 'P1 1/3 202001-', 'paying= paused=', '缴费状态 3 is neither paying nor paused'),
('pay_and_paused', '19800101', 'h', '', 'P1 1/1 202301- a340402; P1 2/2 202001-202212 a340402', 'paying=P1 paused=', 'paused are schemes not paying'),
('pay_two', '19800101', 'h', '', 'P2 1/1 202001-; M2 1/1 202001-', 'paying=P2,M2', 'planes hold several schemes'),
('lag_in_receipt', '19500101', 'h', '', 'P1 1/1 199001- >201001 b1:201002-=2000', 'receiving=P1 paused= paying=', 'a scheme in receipt is not paused by lag'),
('paused_in_receipt', '19500101', 'h', '', 'P1 2/2 199001- >201001 b1:201002-=2000', 'receiving=P1 paused=P1', 'paused while its benefit runs: both planes'),
-- receiving
('rec_from_now', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:202406-=2000', 'receiving=P1', 'benefit from the reference month'),
('rec_from_next', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:202407-=2000', 'receiving=', 'benefit from the month after'),
('rec_to_now', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:202001-202406=2000', 'receiving=P1', 'benefit to the reference month'),
('rec_to_before', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:202001-202405=2000', 'receiving=', 'benefit ended the month before'),
('rec_2', '19500101', 'h', '', 'P1 1/3 199001-201001 b2:202001-202412=2000', 'receiving=', '待遇状态 2 is not receiving'),
('rec_3', '19500101', 'h', '', 'P1 1/3 199001-201001 b3:202001-202412=2000', 'receiving=', '待遇状态 3 is not receiving'),
('rec_4', '19500101', 'h', '', 'P1 4/3 199001-201001 b1:202001-=2000', 'receiving=', 'an ended relation is not receiving'),
-- elsewhere
('else_other', '19800101', 'h', '', 'nat P1 310101 1/1 202001-', 'elsewhere=P1', 'normal row of another region'),
('else_province', '19800101', 'h', '', 'nat P1 340102 1/1 202001-', 'elsewhere=P1', 'another city of the province is another region'),
('else_home', '19800101', 'h', '', 'nat P1 340403 1/1 202001-', 'elsewhere=', 'a row of the home region is not elsewhere'),
('else_home_old', '19800101', 'h', '', 'nat P1 341521 1/1 200001-', 'elsewhere=', 'an abolished code of a place now at home counts as home'),
('else_home_older', '19800101', 'h', '', 'nat P1 342422 1/1 200001-', 'elsewhere=', 'an abolished code of a place now at home counts as home, over two steps'),
('else_paused', '19800101', 'h', '', 'nat P1 310101 2/2 202001-', 'elsewhere=', 'a paused row elsewhere is not normal'),
('else_ended', '19800101', 'h', '', 'nat P1 310101 4/3 202001-202312', 'elsewhere=', 'an ended row elsewhere is not normal'),
('else_over', '19800101', 'h', '', 'nat P1 310101 1/1 202001-202312', 'elsewhere=P1', 'a normal row: the answer says how things stand, whatever its months'),
('else_two', '19800101', 'h', '', 'nat P1 310101 1/1 202001-; nat M1 310101 1/1 202001-', 'elsewhere=P1,M1 class=elsewhere gap= money=', 'several rows per person'),
-- life status: the strongest proven fact wins
('life_police_dead', '19800101', 'h:死亡:20230105', '', 'P1 1/1 202001-', 'life=20 class=gone due= gap= paying=P1 register=HK04', 'dead in police (20); gone: nothing due; CL28'),
('life_dead_list', '19800101', 'h', '', '死亡 20230105-', 'life=21 class=gone due= register=', 'dead in a death list (21)'),
('life_cremated', '19800101', 'h', '', '火化 20230105-', 'life=21 class=gone', 'a cremation is a death'),
('life_declared', '19800101', 'h', '', '宣告死亡 20230105-', 'life=21 class=gone', '宣告死亡 gives 21'),
('life_dead_twice', '19800101', 'h:死亡:20230105', '', '死亡 20230105-', 'life=20', 'dead in police over dead in a list'),
('life_dead_abroad', '19800101', 'h', '', '死亡 20230105-; 出国定居 20200101-', 'life=21', 'dead over settled abroad'),
('life_dead_moved', '19800101', 'h:迁出:20200101:迁往省外', '|310101', '死亡 20230105-', 'life=21', 'dead over moved out'),
('life_death_future', '19800101', 'h', '', '死亡 20240715-; P2 1/1 202001-', 'life=10', 'circumstances count while start ≤ reference'),
('life_death_today', '19800101', 'h', '', '死亡 20240630-', 'life=21', 'circumstances count while start ≤ reference: the day itself'),
('life_settled', '19800101', 'h', '', '出国定居 20200101-', 'life=33 class=gone', 'settled abroad (33)'),
('life_foreign', '19800101', 'h', '', '取得外国国籍 20200101-', 'life=34 class=gone due=', 'nationality given up (34)'),
('life_worker_abroad', '19800101', 'h', '', '出国务工 20200101-', 'life=10 due=PM', '出国务工 leaves the person living'),
('life_student_abroad', '19800101', 'h', '', '出国留学 20200101-', 'life=10', '出国留学 leaves the person living'),
('life_settled_moved', '19800101', 'h:迁出:20200101:迁往省外', '|310101', '出国定居 20200101-', 'life=33', 'settled abroad over moved out'),
('life_moved_30', '19800101', 'h:迁出:20200101:迁往省内', '|340102', '', 'life=30 class=gone due=', 'moved out, same province (30)'),
('life_moved_31', '19800101', 'h:迁出:20200101:迁往省外', '|310101', '', 'life=31 class=gone', 'moved out, other province (31)'),
('life_moved_place', '19800101', 'h:迁出:20200101:', '|310101', '', 'life=31', '居住地 = where to'),
('life_moved_army', '19800101', 'h:迁出:20200101:迁往省内', '|340102', '现役 20200101-', 'life=30 class=gone', 'moved out over army'),
('life_cancelled', '19800101', 'h:注销:20200101:重复户口', '', '', 'life=32 class=gone', 'cancelled for another reason (32)'),
('life_cancelled_army', '19800101', 'h:注销:20200101:重复户口', '', '现役 20200101-', 'life=32', 'cancelled over army'),
('life_conscript', '19800101', 'h:注销:20200101:参军', '', '', 'life=40 class=exempt due=', '参军 is 40'),
('life_arrest', '19800101', 'h:注销:20200101:逮捕', '', '', 'life=41 class=exempt due=', '逮捕 is 41'),
('life_cancel_abroad', '19800101', 'h:注销:20200101:出国定居', '', '', 'life=33 class=gone register=', '注销 for 出国定居 is 33; no plane, no problem'),
('life_army', '19800101', 'h', '', '义务兵 20220901-20240831', 'life=40 class=exempt due= gap= register=', 'army: none due, exempt'),
('life_army_over', '19800101', 'h', '', '义务兵 20220901-20240629', 'life=10', 'circumstances count while reference ≤ end'),
('life_army_prison', '19800101', 'h', '', '现役 20220901-; 服刑 20230101-', 'life=40', 'army over prison'),
('life_prison', '19800101', 'h', '', '服刑 20230101-', 'life=41 class=exempt due= register=', 'prison: none due, exempt'),
('life_probation', '19800101', 'h', '', '社区矫正 20230101-', 'life=10 due=PM', 'only 服刑 gives 41'),
('prison_last_day', '19800101', 'h', '', '服刑 20230101-20240630', 'life=41', 'reference ≤ end: the day itself'),
('prison_over', '19800101', 'h', '', '服刑 20230101-20240629', 'life=10', 'sentence ended the day before'),
('prison_today', '19800101', 'h', '', '服刑 20240630-20250630', 'life=41', 'start ≤ reference: the day itself'),
('prison_next', '19800101', 'h', '', '服刑 20240701-20250630', 'life=10', 'sentence begins the day after'),
('life_migrant', '19800101', 'm', '310101|340403001', '', 'life=11 due=M class=unenrolled territory=340403001 register=', 'only in the migrant register (11): medical; HK10 is for household people'),
('life_both', '19800101', 'h m', '340402001|340403001', '', 'life=10', 'household register over migrant register'),
('life_migrant_dead', '19800101', 'm', '310101|340403001', '死亡 20230105-', 'life=21 class=gone', 'dead, whichever register'),
('life_unknown', '19800101', '', '', 'P1 1/1 202001- i1 @A a340404', 'life=90 class=unknown due= gap= paying=P1 territory=340404 register=HK12', 'in no register: 90, not judged; HK12; territory of the agency'),
('life_unknown_list', '19800101', '', '', '低保 20230101-', 'life=90 class=unknown register=HK03 territory=340400', 'a number of any other list in no register: HK03; home region'),
('life_unknown_dead', '19800101', '', '', '死亡 20230105-', 'life=21 class=gone register=HK03', 'dead in any death list is the strongest proven fact'),
-- employed
('emp_p1', '19800101', 'h', '', 'P1 1/1 202001- i1 @A', 'due=PMUWB gap=MUWB class=partial', 'employed: all five'),
('emp_p1_lag2', '19800101', 'h', '', 'P1 1/1 202001- >202404 i1 @A', 'due=PMUWB', 'employed: paying including lag'),
('emp_p1_lag3', '19800101', 'h', '', 'P1 1/1 202001- >202403 i1 @A', 'due=PM class=interrupted gap=PM', 'not paying: not employed'),
('emp_m1', '19800101', 'h', '', 'M1 1/1 202001- i1 @A', 'due=PMUWB gap=PUW', 'employed by M1; maternity also by M1'),
('emp_u', '19800101', 'h', '', 'U 1/1 202001- i1 @A', 'due=PMUWB gap=PMWB', 'employed by U'),
('emp_w', '19800101', 'h', '', 'W 1/1 202001- i1 @A', 'due=PMUWB gap=PMUB', 'employed by W'),
('emp_b', '19800101', 'h', '', 'B 1/1 202001- i1 @A', 'due=PMUWB gap=PMUW', 'employed by B'),
('emp_flexible', '19800101', 'h', '', 'P1 1/1 202001- i2', 'due=PM gap=M', '参保身份 2 is not employed'),
('emp_p2', '19800101', 'h', '', 'P2 1/1 202001- i1', 'due=PM', 'P2 does not make employed'),
('emp_m2', '19800101', 'h', '', 'M2 1/1 202001- i1', 'due=PM', 'M2 does not make employed'),
('emp_paused', '19800101', 'h', '', 'P1 2/2 202001- i1 @A', 'due=PM class=interrupted', 'paused is not employed'),
('emp_closed', '19800101', 'h', '', 'P1 4/3 202001-202312 i1 @A; P2 1/1 202401-; M2 1/1 202401-', 'due=PM class=enrolled', 'an ended row does not make employed'),
('emp_child', '20100101', 'h', '', 'P1 1/1 202401- i1 @A', 'due=PMUWB', 'employed comes before age'),
('emp_student', '20040101', 'h', '', 'P1 1/1 202401- i1 @A; 高等学校 20220901-', 'due=PMUWB', 'employed comes before student'),
('emp_migrant', '19800101', 'm', '310101|340403001', 'P1 1/1 202401- i1 @A', 'due=PMUWB', 'employed comes before migrant'),
-- due matrix
('due_retired', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; M1 1/1 199001- b1:201002-', 'due=PM class=enrolled gap=', 'receiving P1: pension, medical'),
('due_retired_p3', '19500101', 'h', '', 'P3 1/3 199001-201001 b1:201002-=2000; M1 1/1 199001- b1:201002-', 'due=PM class=enrolled', 'receiving P3: pension, medical'),
('due_retired_works', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; W 1/1 202001- i1 @A', 'due=PM gap=M class=partial', 'receiving P1 comes before employed'),
('due_retired_unknown', '19500101', '', '', 'P1 1/3 199001-201001 b1:201002-=2000', 'due= class=unknown', 'in no register comes before receiving'),
('due_receives_p2', '19500101', 'h', '', 'P2 1/3 200901-200912 b1:201001-=100; W 1/1 202001- i1 @A', 'due=PMUWB gap=PMUB', 'receiving P2 does not end the duties of an employed person, and P2 does not satisfy them'),
('due_p2_old', '19500101', 'h', '', 'P2 1/3 200901-200912 b1:201001-=100; M2 1/1 202001-', 'due=PM class=enrolled gap=', 'receiving P2 satisfies pension'),
('due_p3_without', '19800101', 'h', '', 'P3 1/1 202001- i1 @C; M1 1/1 202001- i1 @C', 'due=PMB gap= class=enrolled', 'employed in P3, no W at the employer; no unemployment'),
('due_p3_with', '19800101', 'h', '', 'P3 1/1 202001- i1 @D; M1 1/1 202001- i1 @D', 'due=PMWB gap=W class=partial', 'injury when W is paid for anybody of that employer'),
('due_p3_colleague', '19810101', 'h', '', 'W 1/1 202001- i1 @D', 'due=PMUWB', 'the colleague for whom W is paid'),
('due_p3_own', '19800101', 'h', '', 'P3 1/1 202001- i1 @D; M1 1/1 202001- i1 @D; W 1/1 202001- i1 @D', 'due=PMWB gap= class=enrolled', 'own W satisfies injury'),
('due_p3_lag', '19800101', 'h', '', 'P3 1/1 202001- i1 @F; M1 1/1 202001- i1 @F', 'due=PMWB', 'W of the colleague is two months behind: paid'),
('due_p3_lag_of', '19810101', 'h', '', 'W 1/1 202001- >202404 i1 @F', 'paying=W', 'W two months behind'),
('due_p3_later', '19800101', 'h', '', 'P3 1/1 202001- i1 @E; M1 1/1 202001- i1 @E', 'due=PMB class=enrolled', 'no W at employer E yet'),
('due_p3_flexible', '19800101', 'h', '', 'P3 1/1 202001- i2; M2 1/1 202001-', 'due=PM class=enrolled', 'P3 without 参保身份 1 is not employed'),
('age_15', '20080701', 'h', '', 'M2 1/1 202001-', 'age=15 due=M class=enrolled', 'one day under 16 on the reference day'),
('age_16', '20080630', 'h', '', 'M2 1/1 202001-', 'age=16 due=PM gap=P class=partial', '16 on the reference day'),
('age_15_last', '20080731', 'h', '', 'M2 1/1 202001-', 'age=15 due=M', '16 a month later'),
('age_15_after', '20080801', 'h', '', 'M2 1/1 202001-', 'age=15 due=M', '16 a month and a day later'),
('age_baby', '20240601', 'h', '', '', 'age=0 due=M gap=M class=unenrolled register=HK10', 'a newborn owes medical'),
('student', '20060101', 'h', '', 'M2 1/1 202001-; 普通高中 20220901-', 'due=M class=enrolled', 'student of 16 or more: medical'),
('student_last_day', '20060101', 'h', '', 'M2 1/1 202001-; 普通高中 20210901-20240630', 'due=M class=enrolled', 'school ends on the reference day'),
('student_over', '20060101', 'h', '', 'M2 1/1 202001-; 普通高中 20210901-20240629', 'due=PM gap=P class=partial', 'school ended the day before'),
('student_migrant', '20060101', 'm', '310101|340403001', '高等学校 20220901-', 'due=M', 'student in the migrant register'),
('adult', '19800101', 'h', '', '', 'due=PM gap=PM class=unenrolled register=HK10', 'household register, 16 or more: pension, medical; HK10'),
('migrant_child', '20150101', 'm', '310101|340403001', 'M2 1/1 202001-', 'due=M class=enrolled', 'a migrant child owes medical'),
-- satisfied
('sat_p2', '19800101', 'h', '', 'P2 1/1 202001-; M2 1/1 202001-', 'class=enrolled gap=', 'P2 satisfies pension of those not employed'),
('sat_p1', '19800101', 'h', '', 'P1 1/1 202001- i2; M1 1/1 202001- i2', 'class=enrolled gap=', 'P1 satisfies pension alike'),
('sat_p4', '19800101', 'h', '', 'P4 1/1 202001-; M2 1/1 202001-', 'class=enrolled gap=', 'any scheme of its kind'),
('sat_m4', '19800101', 'h', '', 'P2 1/1 202001-; M4 1/1 202001-', 'class=enrolled gap=', 'any scheme of its kind'),
('sat_m3', '19800101', 'h', '', 'P2 1/1 202001-; M3 1/1 202001-', 'class=enrolled gap=', 'any scheme of its kind'),
('sat_emp_p2', '19800101', 'h', '', 'P2 1/1 202001-; W 1/1 202001- i1 @A; M1 1/1 202001- i1 @A; U 1/1 202001- i1 @A', 'due=PMUWB gap=P class=partial', 'an employed person''s pension duty needs P1 or P3'),
('sat_emp_nat_p1', '19800101', 'h', '', 'nat P1 310101 1/1 202001-; W 1/1 202001- i1 @A; M1 1/1 202001- i1 @A; U 1/1 202001- i1 @A', 'gap= class=elsewhere', 'P1 elsewhere satisfies an employed person'),
('sat_emp_nat_p2', '19800101', 'h', '', 'nat P2 310101 1/1 202001-; W 1/1 202001- i1 @A; M1 1/1 202001- i1 @A; U 1/1 202001- i1 @A', 'gap=P class=partial', 'P2 elsewhere does not satisfy an employed person'),
('sat_emp_m2', '19800101', 'h', '', 'P1 1/1 202001- i1 @A; W 1/1 202001- i1 @A; M2 1/1 202001-; U 1/1 202001- i1 @A', 'gap=B class=partial', 'M2 satisfies medical, not maternity'),
('sat_maternity', '19800101', 'h', '', 'P1 1/1 202001- i1 @A; M1 1/1 202001- i1 @A; U 1/1 202001- i1 @A; W 1/1 202001- i1 @A', 'gap= class=enrolled', 'maternity also by M1'),
('sat_maternity_lag', '19800101', 'h', '', 'P1 1/1 202001- i1 @A; M1 1/1 202001- >202403 i1 @A; U 1/1 202001- i1 @A; W 1/1 202001- i1 @A', 'gap=MB class=interrupted', 'paused M1 satisfies neither medical nor maternity'),
('sat_five', '19800101', 'h', '', 'P1 1/1 202001- i1 @A; M1 1/1 202001- i1 @A; U 1/1 202001- i1 @A; W 1/1 202001- i1 @A; B 1/1 202001- i1 @A', 'gap= class=enrolled money=', 'all five by their own rows'),
('sat_retired_m1', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; M1 2/2 199001- >201001 b1:201002-', 'gap= class=enrolled', 'retired: paused M1 with benefit satisfies medical'),
('sat_retired_m1_no', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; M1 2/2 199001- >201001', 'gap=M class=interrupted', 'retired: paused M1 without benefit does not'),
('sat_retired_m2', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; M2 1/1 202001-', 'gap= class=enrolled', 'retired: M2 satisfies medical'),
-- class
('class_both', '19800101', 'h', '', 'P2 1/1 202001-; M2 1/1 202001-; nat P1 310101 1/1 202001-', 'class=enrolled elsewhere=P1', 'enrolled: no due kind is satisfied only elsewhere'),
('class_elsewhere', '19800101', 'h', '', 'P2 1/1 202001-; nat M1 310101 1/1 202001-', 'class=elsewhere gap=', 'one kind satisfied only elsewhere'),
('class_interrupted', '19800101', 'h', '', 'P2 2/2 202001-; M2 1/1 202001-', 'class=interrupted gap=P', 'an unsatisfied due kind is paused'),
('class_paused_other', '19800101', 'h', '', 'P1 2/2 202001-202212; P2 1/1 202301-; M2 1/1 202001-', 'class=enrolled paused=P1', 'a paused scheme of a satisfied kind'),
('class_paused_not_due', '20150101', 'h', '', 'P2 2/2 202301-; M2 1/1 202001-', 'class=enrolled gap=', 'a paused kind that is not due'),
('class_child_gap', '20150101', 'h', '', 'P2 2/2 202301-', 'class=unenrolled gap=M', 'the unsatisfied kind is not the paused one; none satisfied'),
('class_partial', '19800101', 'h', '', 'P2 1/1 202001-', 'class=partial gap=M', 'some satisfied'),
('class_partial_elsewhere', '19800101', 'h', '', 'nat P1 310101 1/1 202001-', 'class=partial gap=M', 'some satisfied, elsewhere'),
('class_unenrolled', '19800101', 'h', '', 'P2 4/3 202001-202212', 'class=unenrolled gap=PM register=', 'ended rows satisfy nothing; a row there is: no HK10'),
-- doubles of pension
('pn01', '19800101', 'h', '', 'P1 1/1 202401- a340402; P1 1/1 202401- a340403', 'money=PN01:6', 'two areas'),
('pn01_same', '19800101', 'h', '', 'P1 1/1 202401- a340402; P1 1/1 202403- a340402001', 'money=', 'same agency region (six digits), overlapping: one relation, no double of areas'),
('pn01_touching', '19800101', 'h', '', 'P1 4/3 202301-202312 a340402; P1 1/1 202401- a340402', 'money=', 'same agency, touching'),
('pn01_union', '19800101', 'h', '', 'P1 4/3 202401-202406 a340402; P1 4/3 202401-202403 a340403; P1 4/3 202403-202405 a340404', 'money=PN01:5', 'distinct shared months over all pairs of the same rule'),
('pn01_apart', '19800101', 'h', '', 'P1 4/3 202001-202003 a340402; P1 4/3 202201-202202 a340402; P1 4/3 202003-202201 a340403', 'money=PN01:2', 'distinct shared months, apart'),
('pn02', '19800101', 'h', '', 'P1 4/3 202301-202312; P2 4/3 202307-202406', 'money=PN02:6', 'P1 ∩ P2'),
('pn03_public', '19800101', 'h', '', 'P1 1/1 202401- i2; P3 1/1 202401- i1 @A', 'keep=PN03:P3', 'D 3.1: one employer relation decides'),
('pn03_employee', '19800101', 'h', '', 'P1 1/1 202401- i1 @A; P3 1/1 202402- i2', 'keep=PN03:P1', 'D 3.1: one employer relation decides'),
('pn03', '19800101', 'h', '', 'P1 4/3 202301-202312; P3 4/3 202311-202406', 'money=PN03:2', 'P1 ∩ P3'),
('pn04', '19800101', 'h', '', 'P2 4/3 202301-202312 a340402; P2 4/3 202312-202406 a340403', 'money=PN04:1', 'P2 ∩ P2, two areas'),
('pn04_same', '19800101', 'h', '', 'P2 4/3 202301-202312 a340402; P2 4/3 202312-202406 a340402', 'money=', 'P2 ∩ P2, one agency'),
('pn05', '19800101', 'h', '', 'P2 4/3 202301-202312; P3 4/3 202301-202303', 'money=PN05:3', 'P2 ∩ P3'),
('pn07', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-=2000; P2 1/3 200101-200112 b1:202401-=100', 'money=PN07:6=600', 'P1 benefit ∩ P2 benefit'),
('pn08', '19500101', 'h', '', 'P3 1/3 199001-200012 b1:202401-=2000; P2 1/3 200101-200112 b1:202401-=100', 'money=PN08:6=600', 'P3 benefit ∩ P2 benefit'),
('pn09', '19500101', 'h', '', 'P2 1/3 200001-200012 b1:202401-=100 a340402; P2 1/3 200101-200112 b1:202404-=130 a340403', 'money=PN09:3=390', 'P2 benefit ∩ P2 benefit in two areas'),
('pn10', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-=2000 a340402; P1 1/3 200101-200112 b1:202405-=1000 a340403', 'money=PN10:2=*', 'P1 benefit ∩ P1 benefit, two places'),
('pn11', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-=2000; P3 1/3 200101-200112 b1:202406-=1000', 'money=PN11:1=*', 'P1 benefit ∩ P3 benefit'),
('pn12', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-=2000; P2 4/3 202301-202404', 'money=PN12:4', 'P1 benefit ∩ P2 paying'),
('pn12_p3', '19500101', 'h', '', 'P3 1/3 199001-200012 b1:202401-=2000; P2 4/3 202301-202401', 'money=PN12:1', 'P3 benefit ∩ P2 paying'),
('pn12_before', '19500101', 'h', '', 'P1 1/3 199001-200012 b1:202401-=2000; P2 4/3 202301-202312', 'money=', 'P2 ended the month before the benefit'),
('pn_national', '19800101', 'h', '', 'P1 1/1 202001-; nat P1 310101 1/1 202001-; nat P2 310101 1/1 202001-', 'money=', 'national rows take no part in doubles'),
('pn_dead', '19800101', 'h:死亡:20240105', '', 'P1 4/3 202301-202312; P2 4/3 202301-202312', 'life=20 money= register=', 'doubles of gone people are closed; no plane, no HK04'),
('pn_moved', '19800101', 'h:迁出:20240101:迁往省外', '|310101', 'P1 1/1 202301-; P2 1/1 202301-', 'money= register=HK05', 'doubles of gone people are closed'),
('pn_army', '19800101', 'h', '', 'P1 1/1 202301-; P2 1/1 202301-; 现役 20240101-', 'money=PN02:18 class=exempt', 'an exempt person is not gone'),
('pn_unknown', '19800101', '', '', 'P1 1/1 202401-; P2 1/1 202401-', 'money=PN02:6 class=unknown', 'doubles of a number in no register'),
('pn_two_rules', '19800101', 'h', '', 'P1 4/3 202301-202303 a340402; P1 4/3 202303-202304 a340403; P2 4/3 202304-202305', 'money=PN01:1,PN02:1', 'one problem per rule'),
-- doubles of medical
('md01', '19800101', 'h', '', 'M1 1/1 202401- a340402; M1 1/1 202404- a340403', 'money=MD01:3', 'M1 ∩ M1, two areas'),
('md01_same', '19800101', 'h', '', 'M1 1/1 202401- a340402; M1 1/1 202404- a340402', 'money=', 'M1 ∩ M1, one agency'),
('md02_12', '19800101', 'h', '', 'M1 1/1 202307- i1 @A; M2 1/1 202001-', 'money=MD02:12', 'M1 ran exactly 12 of 24 months'),
('md03_11', '19800101', 'h', '', 'M1 1/1 202308- i1 @A; M2 1/1 202001-', 'money=MD03:11', 'M1 ran 11 of 24 months'),
('md02_rows', '19800101', 'h', '', 'M1 4/3 202207-202212 i1 @A; M1 1/1 202401- i1 @A; M2 1/1 202404-', 'money=MD02:3', 'M1 months of all rows: 6 + 6, the first in the first month of the 24'),
('md03_window', '19800101', 'h', '', 'M1 4/3 202206-202211 i1 @A; M1 1/1 202401- i1 @A; M2 1/1 202404-', 'money=MD03:3', 'one of the 12 months lies before the 24'),
('md02_edge', '19800101', 'h', '', 'M1 4/3 202201-202207 i1 @A; M1 1/1 202308- i1 @A; M2 1/1 202405-', 'money=MD02:2', 'the first of the 24 months counts'),
('md03_edge', '19800101', 'h', '', 'M1 4/3 202201-202206 i1 @A; M1 1/1 202308- i1 @A; M2 1/1 202405-', 'money=MD03:2', 'the month before the 24 does not count'),
('md03_overlap_end', '19800101', 'h', '', 'M1 1/1 202306- i1 @A; M2 4/3 202302-202311', 'money=MD03:6', 'the 24 months end with the overlap, not with the reference month'),
('md02_m3', '19800101', 'h', '', 'M1 1/1 202301- i1 @A; M3 4/3 202310-202401', 'money=MD02:4', 'M3 like M2: M1 ran 13 months'),
('md04', '19800101', 'h', '', 'M1 1/1 202401- i2; M2 1/1 202001-', 'money=MD04:6', 'M1 flexible, under 12 months'),
('md05', '19800101', 'h', '', 'M2 1/1 202401- a340402; M2 1/1 202404- a340403', 'money=MD05:3', 'M2 ∩ M2, adult'),
('md06_minor', '20140101', 'h', '', 'M2 1/1 202401- a340402; M2 1/1 202404- a340403', 'money=MD06:3', 'M2 ∩ M2, minor'),
('md06_student', '20040101', 'h', '', 'M2 1/1 202401- a340402; M2 1/1 202404- a340403; 高等学校 20220901-', 'money=MD06:3', 'M2 ∩ M2, student'),
('md07', '19800101', 'h', '', 'M2 1/1 202401-; M3 1/1 202001-', 'money=MD07:6', 'M2 ∩ M3'),
('md14_year', '19800101', 'h', '', 'M1 1/1 202307- i1 @A; M2 1/1 202301-202312', 'money=MD14:6 MD14=I', 'prepaid calendar year, M1 later: information, nothing else'),
('md14_through', '19800101', 'h', '', 'M1 1/1 202307- i1 @A; M2 4/3 202301- >202312', 'money=MD14:6', 'a prepaid year ends by 缴至年月 when 终止年月 is empty'),
('md14_school', '19800101', 'h', '', 'M1 1/1 202401- i1 @A; M2 1/1 202309-202408', 'money=MD14:6', 'prepaid September to August'),
('md14_running', '19800101', 'h', '', 'M1 1/1 202405- i1 @A; M2 1/1 202401-202412', 'money=MD14:2', 'prepaid year not over yet'),
('md14_flexible', '19800101', 'h', '', 'M1 1/1 202307- i2; M2 1/1 202301-202312', 'money=MD14:6', 'MD14 is judged before MD04'),
('md14_m3', '19800101', 'h', '', 'M1 1/1 202302- i1 @A; M3 1/1 202301-202312', 'money=MD14:11', 'prepaid M3; 23 months of M1 do not matter'),
('md14_not_same', '19800101', 'h', '', 'M1 1/1 202301- i1 @A; M2 1/1 202301-202312', 'money=MD02:12', 'M1 began with the prepaid year, not after it'),
('md14_not_before', '19800101', 'h', '', 'M1 1/1 202212- i1 @A; M2 1/1 202301-202312', 'money=MD02:12', 'M1 began before the prepaid year'),
('md14_not_11', '19800101', 'h', '', 'M1 1/1 202307- i1 @A; M2 4/3 202301-202311', 'money=MD03:5', '11 months are no prepaid year'),
('md14_not_shifted', '19800101', 'h', '', 'M1 1/1 202307- i1 @A; M2 4/3 202302-202401', 'money=MD03:7', 'February to January is no prepaid year'),
('md14_not_two', '19800101', 'h', '', 'M1 1/1 202307- i1 @A; M2 1/1 202301-202412', 'money=MD02:12', 'two years are no prepaid year'),
('md14_end_first', '19800101', 'h', '', 'M1 1/1 202304- i1 @A; M2 4/3 202301-202306 >202312', 'money=MD03:3', 'a prepaid year ends by 终止年月 first'),
('md14_and_02', '19800101', 'h', '', 'M1 1/1 202207- i1 @A; M2 4/3 202201-202212; M2 1/1 202301-202312', 'money=MD02:12,MD14:6', 'pair by pair'),
-- unemployment, injury
('uw03', '19630101', 'h', '', 'U 2/2 200001-202312 b1:202401-=1200; P1 1/3 199001-202312 b1:202403-=3000', 'money=UW03:4=4800', 'U benefit ∩ pension benefit'),
('uw03_to', '19630101', 'h', '', 'U 2/2 200001-202312 b1:202401-202405=1200; P1 1/3 199001-202312 b1:202403-=3000', 'money=UW03:3=3600', 'U benefit ends'),
('uw03_p2', '19630101', 'h', '', 'U 2/2 200001-202312 b1:202401-=1200; P2 1/3 200101-202312 b1:202406-=100', 'money=UW03:1=1200', 'P2 benefit is a pension benefit'),
('uw03_next', '19630101', 'h', '', 'U 1/3 200001-202312 b1:202301-202312=1200; P1 1/3 199001-202312 b1:202401-=3000', 'money=', 'pension begins the month after'),
('uw09', '19800101', 'h', '', 'W 1/1 202001- @A; W 1/1 202001- @B', 'money=', 'W with two employers is legal'),
-- death and benefit
('bn01', '19500101', 'h:死亡:20240310', '', 'P1 1/3 199001-201001 b1:201002-=1500', 'life=20 money=BN01:3=4500 register=HK04', 'benefit months after the month of death; plane not empty: HK04'),
('bn01_list', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=1500; 死亡 20240310-', 'life=21 money=BN01:3=4500', 'dead by a list'),
('bn01_month', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=1500; 死亡 20240601-', 'money=', 'the month of death itself is due'),
('bn01_last_day', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=1500; 死亡 20240531-', 'money=BN01:1=1500', 'dead on the last day of May: June'),
('bn01_to', '19500101', 'h', '', 'P1 1/3 199001-201001 b3:201002-202404=1500; 死亡 20240310-', 'money=BN01:1=1500', 'benefit stopped a month late'),
('bn01_stopped', '19500101', 'h', '', 'P1 1/3 199001-201001 b3:201002-202403=1500; 死亡 20240310-', 'money=', 'benefit stopped in time'),
('bn01_year', '19500101', 'h', '', 'P2 1/3 200901-200912 b1:201002-=108; 死亡 20231215-', 'money=BN01:6=648', 'over the year'),
('bn01_paying', '19800101', 'h', '', 'P1 1/1 200901-; 死亡 20231215-', 'money=', 'contributions after death are no benefit'),
-- prison and benefit
('bn03_inside', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 服刑 20240115-20240420', 'money=BN03:2=4000 life=10', 'only months entirely inside: February, March'),
('bn03_whole', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 服刑 20240201-20240430', 'money=BN03:3=6000', 'first to last day: February, March, April'),
('bn03_short', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 服刑 20240201-20240429', 'money=BN03:2=4000', 'a day short of April'),
('bn03_feb', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 服刑 20240201-20240228', 'money=', '2024 is a leap year: a day short of February'),
('bn03_open', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 服刑 20240115-', 'money=BN03:5=10000 life=41', 'open sentence: February to June'),
('bn03_stopped', '19500101', 'h', '', 'P1 1/3 199001-201001 b3:201002-202403=2000; 服刑 20240201-', 'money=BN03:2=4000', 'benefit stopped in March'),
('bn03_probation', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 社区矫正 20240201-', 'money=', 'outside prison the pension goes on'),
('bn03_before', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-202401=2000; 服刑 20240115-', 'money=', 'January is not entirely inside'),
-- register problems
('hk05', '19800101', 'h:迁出:20240101:迁往省内', '|340102', 'P2 2/2 202001-', 'life=30 register=HK05', 'moved out with a paused plane'),
('hk05_none', '19800101', 'h:迁出:20240101:迁往省内', '|340102', 'P2 4/3 202001-202312; nat P2 340102 1/1 202401-', 'register=', 'moved out, enrolled elsewhere only'),
('hk08', '19800101', 'h:注销:20240101:取得外国国籍', '', 'P2 1/1 202001-', 'life=34 register=HK08', 'foreign national with a plane'),
('hk10_child', '20150101', 'h', '', '', 'register=HK10', 'child with medical due and no row'),
('hk10_national', '19800101', 'h', '', 'nat P2 310101 2/2 202001-', 'register=', 'a national answer is a row'),
('hk10_paused', '19800101', 'h', '', 'P2 2/2 202001-', 'register=', 'a paused row is a row'),
('hk10_330', '19800101', 'h', '', '330 1/1 202001-', 'paying= register= class=unenrolled', 'a known code outside the five kinds is a row and gives no scheme'),
('w_is_care', '19800101', 'h', '', '410 1/1 202001- i1 @A', 'paying= due=PM', '410 of a medical source is long-term care, not work injury'),
('hk02', '34040219810909301X', 'h', '', 'P2 1/1 202001- name=张晓明', 'register=HK02 paying=P2 name=张小明', 'names similar, no key agrees; police name stays'),
('hk02_variant', '340402198109093036', 'h', '', 'P2 1/1 202001- name=锺升', 'register= paying=P2', 'equal by variant: no problem row'),
('hk02_traditional', '340402198109093052', 'h', '', 'P2 1/1 202001- name=張國華', 'register= paying=P2', 'traditional form: no problem row'),
('hk02_former', '340402198109093079', 'h former=李二妮', '', 'P2 1/1 202001- name=李二妮', 'register= paying=P2', 'former name: no problem row'),
('dp04', '340402198109093095', 'h', '', 'P2 1/1 202001- name=李秀英', 'register=DP04 paying=P2 name=王建国', 'names unrelated: DP04 instead of HK02; the row is kept under the police name'),
-- identity
('id_15', '340402195703031117', 'h', '', 'P2 1/1 202001- no=340402570303111', 'register=ID06 paying=P2', 'a 15-digit form of the number is the same person (ID06)'),
('id_15_twice', '340402195703031133', 'h', '', 'P2 1/1 202001- no=340402570303113; M2 1/1 202001- no=340402570303113', 'register=ID06 paying=P2,M2', 'ID06 is one problem per person'),
('id_wide', '34040219570303115X', 'h', '', 'P2 1/1 202001- no=３４０４０２１９５７０３０３１１５Ｘ', 'register= paying=P2', 'full-width digits'),
('fix_check', '340402197503121010', 'h', '', 'P2 1/1 202001- no=340402197503121015', 'paying=P2 register=', 'one candidate with an equal name: repaired'),
('fix_short', '340402197504123034', 'h', '', 'M2 1/1 202001- no=34040219750412303', 'paying=M2 register=', 'a missing character: repaired'),
('fix_long', '340402197505125058', 'h', '', 'M2 1/1 202001- no=3404021975051250580', 'paying=M2 register=', 'an extra character: repaired'),
('fix_swap', '340402197506127071', 'h', '', 'P2 1/1 202001- no=340402197506127017', 'paying=P2 register=', 'a transposition: repaired'),
('fix_digit', '340402197507129095', 'h', '', 'P2 1/1 202001- no=340402197507229095', 'paying=P2 register=', 'a wrong digit: repaired'),
('fix_date', '340402197601131116', 'h', '', 'P2 1/1 202001- no=340402197621131116', 'paying=P2 register=', 'an impossible birth date: repaired'),
('fix_letter', '34040219760213313X', 'h', '', 'P2 1/1 202001- no=34040219760213313A', 'paying=P2 register=', 'a wrong character: repaired'),
('fix_clean', '340402197607123029', 'h', '', 'P2 1/1 202001- no=34O4O2l976O7l23O29', 'paying=P2 register=', 'letters for digits are cleaned by intake'),
('fix_list', '340402197703031511', 'h', '', '服刑 20240101- no=340402197703031513', 'life=41 register=', 'circumstance lists go through the same repair'),
('propose', '340402197603135153', 'h', '', 'P2 1/1 202001- no=340402197603135155 name=慕容海田', 'paying= register=DP06,HK10', 'a similar name is not repaired'),
('id11', '34052419800101001X', 'h', '', 'P2 1/1 202001-', 'register=ID11', 'region never in a published list'),
('id12', '342422198001013011', 'h', '342422', 'P2 1/1 202001-', 'register= territory=340422', 'an abolished region opens no rows; the place is now at home'),
('id15', '19800101', 'h sex=女', '', 'P2 1/1 202001-', 'register=ID15', 'sex item against the 17th digit'),
('id16', '19800101', 'h birth=19800102', '', 'P2 1/1 202001-', 'register=ID16', 'birth item against digits 7 to 14'),
('id22', '340402198109093116', 'h', '', 'P2 1/1 202001- name=测试', 'paying=P2 name=孟繁森 register=ID22', 'a row with an invalid name is applied under its number'),
-- territory
('terr_hukou', '19800101', 'h', '340403001', '', 'territory=340403001', 'no residence: hukou place'),
('terr_home', '19800101', 'h', '340403001|340404', '', 'territory=340404', 'residence in the home region'),
('terr_away', '19800101', 'h', '340403001|310101', '', 'territory=340403001', 'residence elsewhere: hukou place'),
('terr_number', '110105198001010016', 'h', '340403001', '', 'territory=340403001', 'never the first six digits of the number'),
('terr_old', '19800101', 'h', '341521', '', 'territory=340422', 'abolished code of a place now at home'),
('terr_unknown', '19800101', '', '', 'P2 1/1 202001- a341521', 'territory=340422', 'agency with an abolished code'),
-- a county of its own for the report
('c1', '19500101', 'h', '340421', 'P1 1/3 199001-201001 b1:201002-=2000; M1 1/1 199001- b1:201002-', 'class=enrolled', 'receiving before enrolled'),
('c2', '19800101', 'h', '340421', 'P1 1/1 202001- i1 @A; M1 1/1 202001- i1 @A; U 1/1 202001- i1 @A; W 1/1 202001- i1 @A', 'class=enrolled', 'employed'),
('c3', '19800101', 'h', '340421', 'P2 1/1 202001-', 'class=partial', 'pension only'),
('c4', '19800101', 'h', '340421', 'nat P2 310101 1/1 202001-; nat M2 310101 1/1 202001-', 'class=elsewhere', 'elsewhere'),
('c5', '19800101', 'h', '340421', 'P2 2/2 202001-; M2 2/2 202001-', 'class=interrupted', 'interrupted'),
('c6', '19800101', 'h', '340421', '', 'class=unenrolled', 'unenrolled'),
('c7', '20150101', 'h', '340421', 'M2 1/1 202001-', 'class=enrolled', 'child'),
('c8', '19500101', 'h:死亡:20200101', '340421', 'P2 4/3 201001-201912', 'class=gone', 'dead'),
('c9', '20000101', 'h', '340421', '现役 20220901-', 'class=exempt', 'army'),
('c10', '19800101', '', '', 'P2 1/1 202001- a340421', 'class=unknown territory=340421', 'in no register'),
('c11', '19800101', 'h', '340421', 'P1 1/1 202001- i1 @A; U 2/2 202001-; nat M2 310101 1/1 202001-', 'class=interrupted gap=UWB', 'employed, medical elsewhere'),
('c12', '19800101', 'h', '340421', 'P2 2/2 202001-; nat P2 310101 1/1 202001-; M2 1/1 202001-; nat M2 310101 1/1 202001-', 'class=elsewhere', 'elsewhere before interrupted; enrolled before elsewhere'),
('c13', '19500101', 'h', '340421', 'P1 1/3 199001-201001 b1:201002-=2000; M1 2/2 199001- >201001 b1:201002-', 'class=enrolled', 'receiving'),
('c14', '19800101', 'm', '310101|340421', 'M2 1/1 202001-', 'class=enrolled due=M', 'migrant');
-- further pairs of the rule table (domain, section 4.5 to 4.7)
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES
	('pn06', '19800101', 'h', '', 'P3 4/3 202301-202306 a340402; P3 4/3 202305-202312 a340403', 'money=PN06:2', 'P3 ∩ P3'),
	('pn13', '19500101', 'h', '', 'P2 1/3 200101-200112 b1:202301-=100; P1 4/3 202306-202308 i2', 'money=PN13:3=*', 'P2 benefit ∩ P1 paying'),
	('pn_two_keeps', '19800101', 'h', '', 'P1 4/3 202301-202312; P2 4/3 202301-202303; P3 4/3 202303-202304', 'money=PN02:3,PN03:2,PN05:1', 'every pair under its own rule'),
	('md08', '19800101', 'h', '', 'M4 4/3 202301-202312; M1 4/3 202312-202406 i1 @A', 'money=MD08:1', 'M4 ∩ M1'),
	('md09', '19800101', 'h', '', 'M5 4/3 202301-202312; M2 4/3 202311-202405', 'money=MD09:2', 'M5 ∩ M2'),
	('md10', '19800101', 'h', '', 'M6 1/1 202301-; M1 1/1 202301- i1 @A; M6 1/1 202301- a340403', 'money=', 'M6 ∩ any is legal'),
	('md02_two_pairs', '19800101', 'h', '', 'M1 1/1 202301- i1 @A; M2 4/3 202402-202403 a340402; M2 4/3 202403-202405 a340403', 'money=MD02:4,MD05:1', 'months of all pairs of a rule together; M2 ∩ M2 besides'),
	('bn01_two', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=1500; U 4/3 200001-200012; 死亡 20240310-; 火化 20240415-', 'life=21 money=BN01:3=4500', 'two death rows: the earlier'),
	('bn03_two', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 服刑 20230201-20230228; 服刑 20240201-20240229', 'money=BN03:2=4000', 'two sentences'),
	('bn03_adjacent', '19500101', 'h', '', 'P1 1/3 199001-201001 b1:201002-=2000; 服刑 20240110-20240214; 服刑 20240215-20240320', 'money=BN03:1=2000', 'February lies in prison, sentence after sentence'),
	('class_emp_p2_paused', '19800101', 'h', '', 'P1 2/2 202001- i1 @A; P2 1/1 202001-; W 1/1 202001- i1 @A; M1 1/1 202001- i1 @A; U 1/1 202001- i1 @A', 'gap=P class=interrupted', 'the unsatisfied pension of an employed person is paused, P2 does not help');
-- U benefit in prison is UW06, not BN03
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES
('uw06', '19800101', 'h', '', 'U 2/2 200001-202312 b1:202401-=1200; 服刑 20240201-', 'life=41 money=UW06:5=6000', 'an unemployment benefit in prison is UW06, not BN03');

UPDATE given g SET name = v.name FROM (VALUES
	('hk02', '张小明'), ('hk02_variant', '钟昇'), ('hk02_traditional', '张国华'), ('hk02_former', '李婉婷'), ('dp04', '王建国'), ('id22', '孟繁森'),
	('fix_check', '欧阳修远'), ('fix_short', '上官文博'), ('fix_long', '司马长风'), ('fix_swap', '诸葛明辉'), ('fix_digit', '皇甫正平'), ('fix_date', '令狐青山'),
	('fix_letter', '夏侯云飞'), ('fix_clean', '公孙玉兰'), ('fix_list', '尉迟恭良'), ('propose', '慕容海天')) AS v (k, name) WHERE v.k = g.k;
-- numbers written out above must be right, or they test something else
SELECT k, born, number_of(left(born, 17)) AS "right" FROM given WHERE length(born) = 18 AND born <> number_of(left(born, 17));
SELECT name, count(*) FROM whom GROUP BY 1 HAVING count(*) > 1;

-- rows that lead to nobody, by the line of their extract
CREATE TABLE stray (name text, number text, code text, state text, problem text, sentence text, rule text);
INSERT INTO stray VALUES
	('短一', '3404021999', 'ID02', 'open', 'open', 'length: kept in reject with its rule, visible in problem_list'),
	('字二', '3404021980A1010011', 'ID03', 'open', 'open', 'character'),
	('校三', '340402198001010070', 'ID04', 'open', 'open', 'check character'),
	('日四', '340402198002300013', 'ID08', 'open', 'open', 'birth date impossible'),
	('双五', '340402198013010019', 'ID08', 'open', 'open', 'date and check character both wrong: ID08'),
	('欧阳修远', '340402197503121015', 'ID04', 'repaired', 'closed', 'repaired: the reject and its problem are closed'),
	('上官文博', '34040219750412303', 'ID02', 'repaired', 'closed', 'repaired'),
	('司马长风', '3404021975051250580', 'ID02', 'repaired', 'closed', 'repaired'),
	('诸葛明辉', '340402197506127017', 'ID04', 'repaired', 'closed', 'repaired'),
	('皇甫正平', '340402197507229095', 'ID04', 'repaired', 'closed', 'repaired'),
	('令狐青山', '340402197621131116', 'ID08', 'repaired', 'closed', 'repaired'),
	('夏侯云飞', '34040219760213313A', 'ID03', 'repaired', 'closed', 'repaired'),
	('尉迟恭良', '340402197703031513', 'ID04', 'repaired', 'closed', 'a circumstance row, repaired'),
	('慕容海田', '340402197603135155', 'ID04', 'open', 'open', 'a similar name: not repaired, ID04 stays open');
INSERT INTO given (k, born, register, place, rows, expected, sentence)
SELECT 'stray' || row_number() OVER (), '340402190001010016', '', '', 'P2 1/1 202001- no=' || number || ' name=' || name, '', sentence
FROM stray WHERE state = 'open' AND name <> '慕容海田';
-- only the check character wrong and the register has the number: ID05
UPDATE stray SET rule = 'ID05' WHERE number IN ('340402197503121015', '340402197703031513');
-- a valid but mistaken number: the 12th digit is 9 for 5, the check character fits
INSERT INTO given (k, born, register, place, rows, expected, sentence, name)
SELECT 'mistaken_of', number_of('34040219580505131'), 'h', '', '', 'life=10', 'the register person one digit away', '东方既白'
UNION ALL SELECT 'mistaken', number_of('34040219580905131'), '', '', 'P2 1/1 202001-', 'life=90 class=unknown register=DP06,HK12', 'a valid but mistaken number makes a person of its own', '东方既白';
INSERT INTO given (k, born, register, place, rows, expected, sentence)
VALUES ('low', '19800101', 'h', '', '低保 20240101-; P2 1/1 202001-; M2 1/1 202001-', 'class=enrolled', 'low income');

CREATE FUNCTION facts_hold(this_step text) RETURNS TABLE (step text, "check" text, failing bigint, sample text) LANGUAGE sql AS
$$ SELECT this_step, v."check", v.failing, v.sample FROM registry.verify() v WHERE v.failing <> 0 $$;
-- rejects and problems of the rows that lead to nobody
CREATE FUNCTION judge_strays() RETURNS TABLE (number text, item text, expected text, found text) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO checked
	SELECT 'strays', s.number, i.item, i.expected, i.found, s.sentence
	FROM stray s, LATERAL (VALUES
		('reject', s.code || ' ' || s.state, (SELECT r.code || ' ' || r.state FROM registry.reject_list r WHERE strpos(r.raw, s.number) > 0 ORDER BY r.batch_id DESC LIMIT 1)),
		('problem', coalesce(s.rule, s.code) || ' ' || s.problem, (SELECT string_agg(l.rule_id || ' ' || CASE l.state WHEN 'closed' THEN 'closed' ELSE 'open' END, ',')
			FROM registry.problem_list l WHERE l.rule_id IN ('ID02', 'ID03', 'ID04', 'ID05', 'ID08') AND strpos(l.evidence::text, s.number) > 0))) AS i(item, expected, found);
	RETURN QUERY SELECT c.k, c.item, c.expected, c.found FROM checked c WHERE c.step = 'strays' AND c.found IS DISTINCT FROM c.expected;
END $$;

\qecho -- first delivery, 2024-06-30
SELECT deliver('2024-06-30', 'police_household', 'police_migrant', 'pension_employee', 'pension_resident', 'pension_public', 'medical_employee',
	'medical_resident', 'medical_rural', 'unemployment', 'injury', 'maternity', 'civil_affairs_death', 'justice_prison', 'army', 'school', 'abroad',
	'low_income', 'national_enrolment') \g /dev/null
SELECT source, line_no, code, message FROM registry.reject_list WHERE code NOT IN ('ID02', 'ID03', 'ID04', 'ID08');
CALL registry.compare();
SELECT reference_date() AS reference_date;
SELECT * FROM judge('first');
SELECT * FROM facts_hold('first');
SELECT * FROM judge_strays();

-- The report of one county, counted by hand from c1 to c14: c8 is gone, c10 in
-- no register.
CREATE FUNCTION judge_county(this_step text) RETURNS TABLE (k text, expected text, found text) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO checked
	SELECT this_step, 'county ' || v.kind, 'coverage_report', v.expected,
		   concat_ws(' ', r.persons, r.due, r.receiving, r.enrolled, r.elsewhere, r.interrupted, r.unenrolled, r.rate), 'each due person in exactly one column'
	FROM (VALUES ('pension', '12 9 2 3 2 1 1 0.7778'), ('medical', '12 11 2 4 2 1 2 0.7273'), ('unemployment', '12 2 0 1 0 1 0 0.5000'),
		('injury', '12 2 0 1 0 0 1 0.5000'), ('maternity', '12 2 0 1 0 0 1 0.5000')) AS v (kind, expected)
	LEFT JOIN registry.coverage_report r ON r.kind = v.kind AND r.territory = '340421';
	INSERT INTO checked
	SELECT this_step, 'county ' || v.scheme, 'scheme_report', v.expected, concat_ws(' ', r.paying, r.receiving, r.paused), 'planes counted by scheme'
	FROM (VALUES ('P1', '2 2 0'), ('M1', '2 2 1'), ('U', '1 0 1')) AS v (scheme, expected)
	LEFT JOIN registry.scheme_report r ON r.scheme = v.scheme AND r.territory = '340421';
	-- nobody but the gone and the unknown is missing, on any level
	INSERT INTO checked
	SELECT this_step, 'city', 'persons', (SELECT count(*) FROM registry.person_list l WHERE l.class NOT IN ('gone', 'unknown') AND l.territory ~ '^3404')::text,
		   (SELECT r.persons FROM registry.coverage_report r WHERE r.territory = '340400' AND r.kind = 'pension')::text, 'persons counts everybody but gone and 90';
	INSERT INTO checked
	SELECT this_step, 'city ' || v.kind, 'coverage_report',
		   (SELECT concat_ws(' ', count(*) FILTER (WHERE strpos(l.due, v.kind) > 0), count(*) FILTER (WHERE strpos(l.gap, v.kind) > 0))
			FROM registry.person_list l WHERE l.territory ~ '^3404'),
		   (SELECT concat_ws(' ', r.due, r.interrupted + r.unenrolled) FROM registry.coverage_report r WHERE r.territory = '340400' AND r.kind = v.kind), 'due and gap recounted'
	FROM unnest(ARRAY['pension', 'medical', 'unemployment', 'injury', 'maternity']) AS v (kind);
	INSERT INTO checked
	SELECT this_step, 'parts', 'coverage_report', '0', count(*)::text, 'each due person in exactly one column'
	FROM registry.coverage_report r WHERE r.due <> r.receiving + r.enrolled + r.elsewhere + r.interrupted + r.unenrolled;
	INSERT INTO checked
	SELECT this_step, 'gap', 'unenrolled_list', '0', count(*)::text, 'one row per person and due kind not covered'
	FROM (SELECT l.person_id, unnest(string_to_array(l.gap, ',')) AS kind FROM registry.person_list l WHERE l.class NOT IN ('gone', 'unknown', 'exempt')) g
	FULL JOIN registry.unenrolled_list u ON u.person_id = g.person_id AND u.kind = g.kind WHERE u.person_id IS NULL OR g.person_id IS NULL;
	RETURN QUERY SELECT c.k, c.expected, c.found FROM checked c
		WHERE c.step = this_step AND c.item IN ('coverage_report', 'scheme_report', 'persons', 'unenrolled_list') AND c.found IS DISTINCT FROM c.expected;
END $$;
SELECT * FROM judge_county('first report');

-- what leads to a person, and what leads to nobody
INSERT INTO checked
SELECT 'find', v.number, 'find_person', v.k, (SELECT w.k FROM whom w WHERE registry.find_person(w.number) = registry.find_person(v.number) AND w.k !~ '^stray' AND w.k <> 'mistaken'), v.sentence
FROM (VALUES ('340402570303111', 'id_15', 'the 15-digit form'), ('340402195703031117', 'id_15', 'the 18-digit form'), ('34040219570303115x', 'id_wide', 'a small x'),
	('340402197503121015', 'fix_check', 'a repaired number stays an alias'), ('34040219750412303', 'fix_short', 'a repaired number stays an alias'),
	('340402198001010070', NULL, 'malformed'), ('340402197603135155', NULL, 'malformed, not repaired'), ('340402199912310010', NULL, 'unknown'), ('x', NULL, 'malformed'), ('', NULL, 'malformed'))
	AS v (number, k, sentence);
SELECT k, expected, found FROM checked WHERE step = 'find' AND found IS DISTINCT FROM expected;

--
-- Time alone: one row of another source, a cutoff a month later
--
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES ('low2', '19800101', '', '', '低保 20240701-', '', 'new in July');
INSERT INTO later VALUES
	('july', 'pay_now', 'paying=P1 paused=', 'one month behind now'),
	('july', 'pay_lag1', 'paying=P1 paused=', 'two months behind now'),
	('july', 'pay_lag2', 'paying= paused=P1', 'three months behind now'),
	('july', 'pay_end_now', 'paying=', '终止年月 has passed'),
	('july', 'pay_end_ahead', 'paying= paused=P1', 'three months behind now'),
	('july', 'pm_future', 'paying=P1,P2 money=PN02:1', 'the row has begun'),
	('july', 'pm_open', 'money=PN02:7', 'an open double grows by a month'),
	('july', 'pm_end', 'money=PN02:3', 'a closed overlap does not grow'),
	('july', 'pm_prepaid', 'money=PN02:7', 'prepaid beyond'),
	('july', 'pm_ended', 'money=PN02:3', 'a closed overlap does not grow'),
	('july', 'bm_running', 'money=PN07:7=700', 'benefit months grow'),
	('july', 'bm_to', 'money=PN07:4=400', 'benefit months ended'),
	('july', 'bm_future', 'money=PN07:1=100 receiving=P1,P2', 'the benefit has begun'),
	('july', 'rec_from_next', 'receiving=P1', 'the benefit has begun'),
	('july', 'rec_to_now', 'receiving=', 'the benefit is over'),
	('july', 'age_15', 'age=16 due=PM gap=P class=partial', '16 since July 1'),
	('july', 'age_15_last', 'age=16 due=PM', '16 on the reference day'),
	('july', 'age_15_after', 'age=15 due=M class=enrolled', '16 tomorrow'),
	('july', 'prison_last_day', 'life=10 due=PM class=unenrolled register=HK10', 'released; survey list'),
	('july', 'prison_next', 'life=41 class=exempt', 'the sentence has begun'),
	('july', 'life_death_future', 'life=21 class=gone', 'the death date has come'),
	('july', 'life_army', 'life=40', 'still in service'),
	('july', 'student_last_day', 'due=PM gap=P class=partial', 'school is over'),
	('july', 'student', 'due=M', 'still at school'),
	('july', 'emp_p1_lag2', 'due=PM class=interrupted', 'no longer employed: three months behind'),
	('july', 'due_p3_lag_of', 'paying= paused=W due=PM', 'W of the colleague is three months behind'),
	('july', 'due_p3_lag', 'due=PMB class=enrolled', 'so W is paid for nobody of employer F: time and another person''s row'),
	('july', 'due_p3_with', 'due=PMWB gap=W', 'W is paid at employer D as before'),
	('july', 'md03_11', 'money=MD02:12', 'M1 has run 12 months now'),
	('july', 'md02_12', 'money=MD02:13', 'an open double grows'),
	('july', 'md04', 'money=MD04:7', 'an open double grows'),
	('july', 'md14_school', 'money=MD14:7', 'grows until August'),
	('july', 'md14_year', 'money=MD14:6', 'closed overlap'),
	('july', 'bn01', 'money=BN01:4=6000', 'another month after death'),
	('july', 'bn01_month', 'money=BN01:1=1500', 'the first month after death'),
	('july', 'bn01_to', 'money=BN01:1=1500', 'benefit stopped'),
	('july', 'bn03_open', 'money=BN03:6=12000', 'another month in prison'),
	('july', 'bn03_inside', 'money=BN03:2=4000', 'sentence over'),
	('july', 'uw03', 'money=UW03:5=6000', 'another month'),
	('july', 'uw06', 'money=UW06:6=7200', 'another month'),
	('july', 'low2', 'life=90 class=unknown register=HK03', 'the new row');
\qecho -- time alone, 2024-07-31
SELECT deliver('2024-07-31', 'low_income') \g /dev/null
CALL registry.compare();
SELECT reference_date() AS reference_date;
SELECT * FROM judge('july');
SELECT * FROM facts_hold('july');
-- untouched by time: everybody else stands as before, but for months
SELECT c.k, c.item, c.found AS june, found(w.number, c.item) AS july
FROM checked c JOIN whom w ON w.k = c.k
WHERE c.step = 'first' AND c.item IN ('life', 'class', 'paying', 'receiving', 'paused', 'elsewhere', 'due', 'gap', 'register', 'territory')
	AND c.found IS DISTINCT FROM found(w.number, c.item) AND c.k NOT IN (SELECT l.k FROM later l WHERE l.step = 'july')
ORDER BY 1, 2;

--
-- Another person's row, rows ended, corrected numbers
--
UPDATE given SET rows = '' WHERE k = 'due_p3_colleague';                    -- W at employer D is dropped
UPDATE given SET rows = 'P3 1/1 202001- i1 @D; M1 1/1 202001- i1 @D' WHERE k = 'due_p3_own';
INSERT INTO given (k, born, register, place, rows, expected, sentence)
VALUES ('due_p3_later_of', '19810101', '', '', 'W 1/1 202407- i1 @E', '', 'colleague at employer E');
UPDATE given SET rows = 'P1 1/1 202401-; P2 4/3 202301-202312' WHERE k = 'pm_open';       -- the agency ends P2
UPDATE given SET rows = '' WHERE k = 'pay_open';                             -- dropped by its source
UPDATE given SET rows = 'P2 1/1 202001- no=340402197603135153 name=慕容海田' WHERE k = 'propose';
UPDATE stray SET state = 'corrected', problem = 'closed' WHERE number = '340402197603135155';
UPDATE given SET rows = 'P2 1/1 202001- no=' || number_of('34040219800101007') || ' name=校三' WHERE rows LIKE '%340402198001010070%';
UPDATE stray SET state = 'corrected', problem = 'closed' WHERE number = '340402198001010070';
UPDATE given SET rows = 'P2 1/1 202001- no=340402198109093036 name=钟昇' WHERE k = 'hk02_variant';
UPDATE given SET rows = 'P2 1/1 202001- name=张小明' WHERE k = 'hk02';
UPDATE given SET rows = 'P2 1/1 202001- name=王建国' WHERE k = 'dp04';
INSERT INTO later VALUES
	('august', 'due_p3_with', 'due=PMB gap= class=enrolled', 'no W at employer D any more'),
	('august', 'due_p3_own', 'due=PMB paying=P3,M1 gap=', 'no W at employer D any more, own row ended'),
	('august', 'due_p3_colleague', 'due=PM paying= class=unenrolled register=HK10', 'no source has a row of the person any more: HK10, as a fresh load would say'),
	('august', 'due_p3_later', 'due=PMWB gap=W class=partial', 'W is paid for a colleague at employer E now'),
	('august', 'due_p3_later_of', 'life=90 paying=W register=HK12', 'the colleague, in no register'),
	('august', 'pm_open', 'money= paying=P1', 'no shared month any more'),
	('august', 'pay_open', 'paying= class=unenrolled', 'the row has ended'),
	('august', 'propose', 'paying=P2 register=HK02', 'the corrected number leads to its person; the name still differs'),
	('august', 'hk02', 'register= paying=P2', 'the name has been corrected'),
	('august', 'hk02_variant', 'register= paying=P2', 'same person, other spelling'),
	('august', 'dp04', 'register= paying=P2', 'the name has been corrected');
\qecho -- rows added, ended, corrected, 2024-07-31
SELECT deliver('2024-07-31', 'pension_resident', 'injury') \g /dev/null
CALL registry.compare();
SELECT * FROM judge('august');
SELECT * FROM facts_hold('august');
UPDATE checked SET step = 'strays first' WHERE step = 'strays';
SELECT * FROM judge_strays();
UPDATE checked SET step = 'strays second' WHERE step = 'strays';
INSERT INTO checked
SELECT 'august', 'pay_open', 'ended_on', '2024-07-31', min(e.ended_on)::text, 'closed by interval when the source drops it, never deleted'
FROM registry.enrolment e JOIN whom w ON registry.find_person(w.number) = e.person_id WHERE w.k = 'pay_open';
-- every batch accounts for its rows
INSERT INTO checked
SELECT 'account', b.source || b.batch_id, 'rows', b.received::text, (b.unchanged + b.inserted + b.changed + b.rejected)::text, 'every received row ends as applied, unchanged or rejected'
FROM registry.batch_list b;
SELECT k, expected, found FROM checked WHERE step IN ('account') AND found IS DISTINCT FROM expected;

--
-- A full run changes nothing
--
\qecho -- full run
CREATE TABLE before_full AS SELECT to_jsonb(l) AS row FROM registry.person_list l;
CREATE TABLE problems_before_full AS SELECT to_jsonb(l) AS row FROM registry.problem_list l;
CALL registry.compare(full => true);
SELECT 'person' AS what, row FROM (SELECT to_jsonb(l) AS row FROM registry.person_list l EXCEPT TABLE before_full) d
UNION ALL SELECT 'problem', row FROM (SELECT to_jsonb(l) AS row FROM registry.problem_list l EXCEPT TABLE problems_before_full) d
UNION ALL SELECT 'lost problem', row FROM (TABLE problems_before_full EXCEPT SELECT to_jsonb(l) AS row FROM registry.problem_list l) d;
SELECT * FROM facts_hold('full');

--
-- Law that depends on dates uses the reference date
--
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES
	('born_2004', '20031231', 'h', '', 'M2 1/1 201501-', '', '16 on the day');
INSERT INTO later VALUES
	('2019', 'born_2004', 'age=16 due=PM', '16 on the reference day of the setting'),
	('2019', 'prison_over', 'life=10', 'the sentence has not begun'),
	('2019', 'pay_now', 'paying= paused=', 'the row has not begun'),
	('2019', 'old_maternity', 'gap=B class=partial', 'before 2020 M1 does not satisfy maternity'),
	('2020', 'old_maternity', 'gap= class=enrolled', 'from 2020 it does');
INSERT INTO given (k, born, register, place, rows, expected, sentence) VALUES
	('old_maternity', '19800101', 'h', '', 'P1 1/1 201501- i1 @A; M1 1/1 201501- i1 @A; U 1/1 201501- i1 @A; W 1/1 201501- i1 @A', '', 'employed since 2015');
SELECT deliver('2024-07-31', 'police_household', 'pension_employee', 'medical_employee', 'medical_resident', 'unemployment') \g /dev/null
SELECT deliver('2024-07-31', 'injury') \g /dev/null
CALL registry.compare();
\qecho -- reference date as a setting: 2019-12-31, 2020-01-31, none
INSERT INTO registry.setting (name, value) VALUES ('reference_date', '2019-12-31');
CALL registry.compare(full => true);
SELECT * FROM judge('2019');
SELECT * FROM facts_hold('2019');
UPDATE registry.setting SET value = '2020-01-31' WHERE name = 'reference_date';
CALL registry.compare();
SELECT * FROM judge('2020');
SELECT * FROM facts_hold('2020');
DELETE FROM registry.setting WHERE name = 'reference_date';
CALL registry.compare();
SELECT reference_date() AS reference_date;
SELECT * FROM facts_hold('again');
INSERT INTO later SELECT 'again', k, expected, sentence FROM later WHERE step = 'august';
INSERT INTO later SELECT 'again', l.k, l.expected, l.sentence FROM later l WHERE l.step = 'july' AND l.k NOT IN (SELECT a.k FROM later a WHERE a.step = 'august');
SELECT * FROM judge('again');

-- the lag is a setting of the scheme
INSERT INTO later VALUES
	('lag', 'pay_lag2', 'paying=P1 paused=', 'three months behind, the limit is three'),
	('lag', 'pay_lag3', 'paying= paused=P1', 'four months behind'),
	('lag', 'pay_lag_year', 'paying= paused=M2', 'another scheme');
UPDATE registry.scheme SET lag_months = 3 WHERE scheme = 'P1';
CALL registry.compare(full => true);
SELECT * FROM judge('lag');
SELECT * FROM facts_hold('lag');

\qecho -- expectations by step, those not met
SELECT step, count(*) >= 1 AS checked, count(*) FILTER (WHERE found IS DISTINCT FROM expected) AS not_met FROM checked GROUP BY 1 ORDER BY 1;
SELECT count(*) AS expectations FROM checked;
\c :regress_database
SET client_min_messages = warning;
DROP DATABASE registry_meaning;
