-- The form on paper and in files.

CREATE OR REPLACE FUNCTION registry.html(word text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT replace(replace(replace(replace(replace(coalesce(word, ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');
END;
COMMENT ON FUNCTION registry.html(text) IS 'a text as it stands in HTML; empty for null';

-- Boxes of a list, the chosen one ticked.
CREATE OR REPLACE FUNCTION registry.html_boxes(chosen text[], VARIADIC boxes text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT string_agg(CASE WHEN split_part(u.box, '=', 1) = ANY (chosen) THEN '☑' ELSE '□' END || registry.html(split_part(u.box, '=', 2)), ' ' ORDER BY u.o)
	FROM unnest(boxes) WITH ORDINALITY AS u (box, o);
END;
COMMENT ON FUNCTION registry.html_boxes(text[], text[]) IS 'boxes of a form, given as code=word, the chosen ones ticked';

/*
 * registry.form_page(task_id) → the registration form as HTML, filled with what
 * is known, to be printed and signed
 * Errors: 42704 no such task; 42501 no entry or review there.
 */
CREATE OR REPLACE FUNCTION registry.form_page(task_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	task registry.survey_task;
	person registry.person;
	today CONSTANT date := registry.reference_date();
	paid text[];
BEGIN
	SELECT t.* INTO task FROM registry.survey_task t WHERE t.task_id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'survey task % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.task_list shows the tasks.';
	END IF;
	PERFORM registry.survey_demand('{entry,first_review,second_review}', task.territory, 'printing forms');
	SELECT p.* INTO person FROM registry.person p WHERE p.person_id = task.person_id;
	paid := string_to_array(btrim((person.paying OPERATOR(registry.|) person.receiving)::text, '{}'), ',');
	RETURN concat(
		'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="UTF-8"><title>全民参保登记表</title><style>',
		'body{font-family:SimSun,serif;margin:1cm}h1{text-align:center;font-size:18pt}table{border-collapse:collapse;width:100%}',
		'td{border:1px solid #000;padding:4pt;font-size:11pt}td.k{width:18%}p{font-size:9pt}</style></head><body>',
		'<h1>全民参保登记表</h1><p>任务号 ', task.task_id, '　　区划 ', task.territory, ' ', registry.html(registry.region_full_name(task.territory)),
		'　　下发 ', to_char(task.issued_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'), coalesce('　　期限 ' || to_char(task.due_date, 'YYYY-MM-DD'), ''), '</p><table>',
		'<tr><td class="k">姓名</td><td>', registry.html(person.name), '</td><td class="k">公民身份号码</td><td>', registry.html(coalesce(person.citizen_id::text, person.id_no)), '</td></tr>',
		'<tr><td>就业状况</td><td colspan="3">', registry.html_boxes(ARRAY[person.employment], '1=单位就业（单位全称：＿＿＿＿＿＿＿＿＿＿＿＿）', '6=学龄前', '5=在校学生', '4=未就业', '2=灵活就业', '7=离退休或已领取养老待遇'), '</td></tr>',
		'<tr><td>户籍所在地</td><td colspan="3">', coalesce(person.hukou_region::text, ''), ' ', registry.html(registry.region_full_name(person.hukou_region)), '</td></tr>',
		'<tr><td>常住地址</td><td colspan="3">', coalesce(person.residence_region::text, ''), ' ', registry.html(person.address), '</td></tr>',
		'<tr><td>手机（电话）</td><td colspan="3">', registry.html(person.phone), '</td></tr>',
		'<tr><td>养老保险</td><td colspan="3">', registry.html_boxes(paid, 'P1=城镇职工', 'P2=城乡居民（含城居保和新农保）', 'P3=机关事业', 'P4=被征地（单建）', 'P5=其他（单建）'), '</td></tr>',
		'<tr><td>医疗保险</td><td colspan="3">', registry.html_boxes(paid, 'M1=职工', 'M2=城镇居民（含城乡统筹）', 'M3=新农合', 'M4=公费医疗', 'M5=农民工其他形式', 'M6=其他（单建）'), '</td></tr>',
		'<tr><td>其他险种</td><td colspan="3">', registry.html_boxes(paid, 'U=失业', 'W=工伤', 'B=生育'), '</td></tr>',
		'<tr><td>未参保原因</td><td colspan="3">', registry.html_boxes('{}', '01=个人未参保', '02=单位未予参保', '03=参军', '04=出国', '05=判刑', '99=其他'), '</td></tr>',
		'<tr><td>异地参保</td><td colspan="3">', registry.html_boxes(CASE person.class WHEN 'elsewhere' THEN '{x}'::text[] ELSE '{}' END, '1=省内异地', '2=省外异地'), '　参保地：＿＿＿＿＿＿＿＿</td></tr>',
		'<tr><td colspan="4">本人声明以上填写内容真实、准确。<br>签名：＿＿＿＿＿＿　', registry.html_boxes('{}', '1=本人', '2=监护人', '3=代理人'), '　日期：＿＿＿＿年＿＿月＿＿日</td></tr>',
		'<tr><td>调查员</td><td>', registry.html(task.surveyor), '</td><td>经办人 / 审核人</td><td></td></tr></table>',
		'<p>说明：1. 未成年人或无完全民事行为能力的人，由监护人签名。2. 代理人签名的，附本人书面委托书或村（居）委会证明。',
		'3. 对表上已印内容有疑问的，向户籍所在地社会保险经办机构查询。4. 登记后内容有变化的，到户籍所在地办理变更。</p></body></html>');
END;
$$;
COMMENT ON FUNCTION registry.form_page(bigint) IS 'registration form of a task as HTML, filled with what is known, to be printed and signed';

-- Columns of a file of forms, in order.
CREATE OR REPLACE FUNCTION registry.form_columns() RETURNS TABLE (ordinal integer, header text, field text)
	LANGUAGE sql IMMUTABLE ROWS 30
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.ordinal, c.header, c.field FROM (VALUES
		(1, '任务号', 'task_id'), (2, '公民身份号码', 'citizen_id'), (3, '姓名', 'name'), (4, '村居代码', 'dwelling_region'), (5, '户籍地', 'hukou_region'),
		(6, '常住地址', 'dwelling_address'), (7, '联系电话', 'phone'), (8, '就业状况', 'employment'), (9, '单位名称', 'employer_name'), (10, '单位代码', 'employer_code'),
		(11, '养老保险', 'pension'), (12, '医疗保险', 'medical'), (13, '失业', 'unemployment'), (14, '工伤', 'injury'), (15, '生育', 'maternity'),
		(16, '未参保原因', 'reason'), (17, '异地参保', 'elsewhere'), (18, '参保地', 'elsewhere_region'), (19, '死亡日期', 'death_date'), (20, '死亡证明', 'death_proof'),
		(21, '签名', 'signer'), (22, '签名人', 'signer_name'), (23, '签名日期', 'signed_on'), (24, '委托书', 'power'), (25, '结果', 'outcome'),
		(26, '证明人', 'witness'), (27, '调查员', 'surveyor'), (28, '经办人', 'handler'), (29, '备注', 'remark')) AS c (ordinal, header, field);
END;
COMMENT ON FUNCTION registry.form_columns() IS 'columns of a file of registration forms, and the boxes of the form they fill';

/*
 * registry.export_tasks(territory [, encoding]) → the waiting tasks of a place
 * as a file to fill in: CSV with the columns of the form, GB18030 by default or
 * UTF-8; registry.import_forms() takes it back.
 * Errors: 22P02 no region code; 42501; 22023 unknown encoding.
 */
CREATE OR REPLACE FUNCTION registry.export_tasks(territory text, encoding text DEFAULT 'GB18030') RETURNS bytea
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := territory::registry.region_code;
	content text;
BEGIN
	PERFORM registry.survey_demand('{entry,first_review,second_review}', place, 'exporting survey tasks');
	SELECT registry.intake_record(ARRAY(SELECT c.header FROM registry.form_columns() c ORDER BY c.ordinal)) || E'\r\n'
		|| coalesce(string_agg(registry.intake_record(ARRAY[t.task_id::text, p.citizen_id::text, p.name, p.residence_region::text, p.hukou_region::text, p.address, p.phone,
			p.employment, NULL, NULL, (SELECT string_agg(s, ';') FROM unnest(string_to_array(btrim(p.paying::text, '{}'), ',')) s WHERE s LIKE 'P%'),
			(SELECT string_agg(s, ';') FROM unnest(string_to_array(btrim(p.paying::text, '{}'), ',')) s WHERE s LIKE 'M%')]
			|| array_fill(NULL::text, ARRAY[14]) || ARRAY[t.surveyor, NULL, NULL]) || E'\r\n', '' ORDER BY t.territory, t.task_id), '')
	INTO content
	FROM registry.survey_task t JOIN registry.person p USING (person_id)
	WHERE t.territory OPERATOR(registry.<@) place AND t.state IN (20, 30, 31, 33, 35);
	RETURN registry.intake_encode(content, encoding);
END;
$$;
COMMENT ON FUNCTION registry.export_tasks(text, text) IS 'waiting survey tasks of a place as CSV to fill in';

/*
 * registry.import_forms(content) → one row per line of a filled file: line, task,
 * whether the form was taken, form_id, faults
 *
 * CSV as registry.export_tasks() writes it (columns by header, in any order),
 * UTF-8 or GB18030.  Each line is handed in by registry.submit_form() with a
 * client key of its content, so the same file may come twice.  A line that
 * cannot be taken answers why and leaves the others alone.
 * Errors: 22P04 no text, or no column 任务号.
 */
CREATE OR REPLACE FUNCTION registry.import_forms(content bytea)
	RETURNS TABLE (line_no integer, task_id bigint, ok boolean, form_id bigint, faults jsonb)
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	body text;
	line text;
	pending text := '';
	header text[];
	fields text[];
	form jsonb;
	answer jsonb;
BEGIN
	BEGIN
		body := convert_from(content, 'UTF8');
	EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
		BEGIN
			body := convert_from(content, 'GB18030');
		EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
			RAISE EXCEPTION 'the file is neither UTF-8 nor GB18030' USING ERRCODE = 'bad_copy_file_format';
		END;
	END;
	line_no := 0;
	FOREACH line IN ARRAY regexp_split_to_array(ltrim(body, U&'\FEFF'), E'\r\n|\n|\r') LOOP
		line_no := line_no + 1;
		pending := pending || CASE WHEN pending = '' THEN '' ELSE E'\n' END || line;
		-- a quoted field may go over several lines
		CONTINUE WHEN btrim(pending) = '' OR length(replace(pending, '"', '')) % 2 <> length(pending) % 2;
		fields := registry.intake_fields(pending, ',', true);
		pending := '';
		IF header IS NULL THEN
			header := ARRAY(SELECT btrim(h) FROM unnest(fields) WITH ORDINALITY AS u (h, o) ORDER BY o);
			IF NOT '任务号' = ANY (header) THEN
				RAISE EXCEPTION 'the file has no column 任务号' USING ERRCODE = 'bad_copy_file_format', HINT = 'registry.export_tasks() writes the columns.';
			END IF;
			CONTINUE;
		END IF;
		task_id := NULL; form_id := NULL; ok := false;
		BEGIN
			task_id := (fields[array_position(header, '任务号')])::bigint;
			SELECT coalesce(jsonb_object_agg(c.field, btrim(v.word)), '{}') INTO form
			FROM unnest(header, fields) AS v (head, word) JOIN registry.form_columns() c ON c.header = v.head
			WHERE c.field <> 'task_id' AND btrim(v.word) <> '';
			answer := registry.submit_form(task_id, form, 'file ' || md5(form::text));
			ok := (answer ->> 'ok')::boolean;
			form_id := (answer ->> 'form_id')::bigint;
			faults := answer -> 'faults';
		EXCEPTION WHEN undefined_object OR insufficient_privilege OR invalid_text_representation OR numeric_value_out_of_range OR SQLSTATE 'RG041' THEN
			faults := registry.form_fault('task_id', SQLSTATE, CASE SQLSTATE WHEN '42704' THEN '没有这个任务号' WHEN '42501' THEN '任务不在您的辖区'
				WHEN 'RG041' THEN '任务已在审核或已办结' ELSE '任务号不是数字' END);
		END;
		RETURN NEXT;
	END LOOP;
	IF pending <> '' THEN
		task_id := NULL; form_id := NULL; ok := false;
		faults := registry.form_fault('line', 'quote', '引号不配对');
		RETURN NEXT;
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.import_forms(bytea) IS 'hands in a file of filled forms; one answer per line';

REVOKE EXECUTE ON FUNCTION registry.form_page(bigint), registry.export_tasks(text, text), registry.import_forms(bytea) FROM PUBLIC;
