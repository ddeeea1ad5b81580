-- A day in a town office, in psql: list, print, fill, submit, review, correct.
--
--	psql -v town=340402001 -v surveyor=li -v reviewer=wang -v county=chen -f script/town-office.sql
--
-- town: code of the town; surveyor, reviewer, county: roles with the duties
-- entry and first_review in the town and second_review in the county, to which
-- whoever runs this may SET ROLE.  A web service does the same by POST /rpc/dispatch,
-- /rpc/submit_form and /rpc/review_form and GET /task_list and /review_list.
\set ON_ERROR_STOP on
\set QUIET on

\echo == morning: the reviewer sends out who must be asked
SET ROLE :"reviewer";
SELECT registry.dispatch(:'town', '{}', current_date + 30) AS dispatch \gset
SELECT tasks, considered, settled_share, settled FROM registry.dispatch_list WHERE dispatch_id = :dispatch;

\echo == the surveyor''s list, village by village, and the first form to print
SET ROLE :"surveyor";
SELECT village, name, reasons, state_name, due_date - current_date AS days FROM registry.task_list WHERE dispatch_id = :dispatch ORDER BY village, name;
SELECT task_id AS task, name AS name, village AS village FROM registry.task_list WHERE dispatch_id = :dispatch ORDER BY village, name LIMIT 1 \gset
SELECT length(registry.form_page(:task)) > 1000 AS page_to_print;

\echo == nobody at home, then met
SELECT registry.note_attempt(:task, '电话', '无人接听') AS attempts;

\echo == a form with mistakes: every fault at once
SELECT jsonb_build_object('name', :'name', 'employment', '单位就业', 'pension', jsonb_build_array('城镇职工', '城乡居民'), 'reason', '无意愿',
	'signer', '代理人', 'signer_name', '亲属', 'signed_on', current_date - 1, 'surveyor', :'surveyor') AS form \gset
SELECT f ->> 'field' AS field, f ->> 'code' AS code, f ->> 'message' AS message
FROM jsonb_array_elements(registry.submit_form(:task, :'form') -> 'faults') AS f ORDER BY 1, 2;

\echo == corrected and handed in
SELECT jsonb_build_object('name', :'name', 'employment', '灵活就业', 'medical', '居民', 'reason', '不了解政策', 'phone', '13900000001', 'dwelling_region', :'village',
	'dwelling_address', '东山路8号', 'signer', '本人', 'signer_name', :'name', 'signed_on', current_date - 1, 'surveyor', :'surveyor') AS form \gset
SELECT a ->> 'ok' AS ok, a ->> 'form_id' AS form_id FROM registry.submit_form(:task, :'form', 'office-1') AS a \gset
SELECT :'ok' AS ok;

\echo == afternoon: the town returns it, the surveyor corrects, the town accepts
SET ROLE :"reviewer";
SELECT name, state_name, round FROM registry.review_list WHERE form_id = :form_id;
SELECT registry.review_form(:form_id, 'return', NULL, '[{"field": "phone", "message": "电话停机，请核实"}]') AS state;
SET ROLE :"surveyor";
SELECT state_name, returned_items FROM registry.review_list WHERE form_id = :form_id;
SELECT registry.submit_form(:task, jsonb_set(:'form', '{phone}', '"13900000002"')) ->> 'ok' AS ok;
SET ROLE :"reviewer";
SELECT registry.review_form(:form_id, 'accept') AS state;

\echo == the county''s second review applies it
SET ROLE :"county";
SELECT registry.review_form(:form_id, 'accept', '齐全') AS state;
SELECT name, state_name FROM registry.task_list WHERE task_id = :task;

\echo == evening: how far the town is
SELECT territory, issued, waiting, registered, overdue FROM registry.survey_report WHERE territory = :'town';
RESET ROLE;
