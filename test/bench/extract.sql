-- Text tables for the extracts, one per source, columns named by the headers of
-- the extract layouts: what a DBA without the extension loads by plain COPY.
--
-- Staging tables are unlogged, as their content is a file that can be read
-- again.  All text is COLLATE "C": keys are compared as bytes, not by a
-- language's rules, which makes sorting and hashing of text as fast as it gets.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS extract CASCADE;
CREATE SCHEMA extract;

CREATE TABLE extract.delivery (source text PRIMARY KEY, cutoff date NOT NULL);
CREATE TABLE extract.setting (name text PRIMARY KEY, value text NOT NULL);
-- Every six-digit region code that ever stood in a published list.
CREATE TABLE extract.region (code text COLLATE "C" PRIMARY KEY);

DO $do$
DECLARE
	population constant text[] := '{公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系}';
	enrolment constant text[] := '{证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话}';
	employer constant text[] := '{统一社会信用代码,单位名称,单位类型,登记区划,地址,法定代表人,职工人数,登记状态,成立日期}';
	circumstance constant text[] := '{证件号码,姓名,类别,开始日期,结束日期,备注}';
	elsewhere constant text[] := '{证件号码,姓名,险种,参保地,参保状态,缴费状态,开始年月,终止年月,数据期别}';
	kind text;
	headers text[];
	member text;
	selects text;
BEGIN
	FOR kind, headers, selects IN
		VALUES ('population', population, 'police_household,police_migrant'),
			   ('enrolment', enrolment, 'pension_employee,pension_resident,pension_public,medical_employee,medical_resident,'
										'medical_rural,unemployment,injury,maternity'),
			   ('employer', employer, 'employer_registry'),
			   ('circumstance', circumstance, 'civil_affairs_death,justice_prison,army,school,abroad,low_income,disabled,land_taken'),
			   ('elsewhere', elsewhere, 'national_enrolment')
	LOOP
		FOREACH member IN ARRAY string_to_array(selects, ',') LOOP
			EXECUTE format('CREATE UNLOGGED TABLE extract.%I (%s)', member,
						   (SELECT string_agg(format('%I text COLLATE "C"', header), ', ') FROM unnest(headers) AS header));
		END LOOP;
		EXECUTE format('CREATE VIEW extract.%I AS %s', 'all_' || kind,
					   (SELECT string_agg(format('SELECT %L::text COLLATE "C" AS source, * FROM extract.%I', source, source), ' UNION ALL ')
						FROM unnest(string_to_array(selects, ',')) AS source));
	END LOOP;
END
$do$;
