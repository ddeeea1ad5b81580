-- Persons with made-up names, straight into the table: the search is measured,
-- not the comparison.  :persons of them, in the places of the home region.
SET client_min_messages = warning;
SET synchronous_commit = off;
SET search_path = registry, public;
CREATE SCHEMA bench;
SELECT setseed(0.5);
-- past the change log, as a first load goes
SELECT load_table('registry.person', format($query$
SELECT i::bigint AS person_id, p.codes[1 + floor(random() * cardinality(p.codes))::int] AS territory, 'bench' COLLATE "C" AS id_kind, i::text COLLATE "C" AS id_no,
	n.name, n.name COLLATE "C" AS name_key, CASE WHEN random() < 0.5 THEN 'M' ELSE 'F' END AS sex,
	date '1935-01-01' + (random() * 31000)::int AS birth_date, 10::smallint AS life_status, '{}'::coverage AS paying, '{}'::coverage AS receiving,
	'{}'::coverage AS paused, '{}'::coverage AS elsewhere, 3::smallint AS due, 0::smallint AS gap, 18 AS standing, 'enrolled' COLLATE "C" AS class,
	10 AS work_state, now() AS updated_at
FROM generate_series(1, %s) i
CROSS JOIN (SELECT array_agg(r.code ORDER BY r.code) AS codes FROM registry.region r
			WHERE r.level = 5 AND r.valid_to IS NULL AND r.code OPERATOR(registry.<@) '340400') p
CROSS JOIN LATERAL (SELECT CASE
	WHEN i %% 300 = 0 THEN (ARRAY['阿卜杜拉','买买提','艾力','吐尔逊','木合塔尔','努尔','哈斯木','阿迪力','库尔班','玉素甫'])[1 + floor(random() * 10)::int] || '·'
		|| (ARRAY['阿卜杜拉','买买提','艾力','吐尔逊','木合塔尔','努尔','哈斯木','阿迪力','库尔班','玉素甫'])[1 + floor(random() * 10)::int]
	ELSE substr('王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文单仇鲍胥翟解查区朴缪樊兰殷施陶洪翁安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂柴焦向柳邢骆岳齐尚梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫屈鲜', 1 + floor(180 * random() ^ 3)::int, 1) || substr('伟强军磊勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆旭宁龙林欢建国志文永德学成家庆云光春海东胜新祥福兴宝贵生良仁义忠传士怀茂子轩泽昊然晨博睿瑞梓天佑世正少长洪昌荣富振树全元根喜友先道守立万玉金水松峰亮昆岩芳娜敏静丽艳娟霞燕玲桂英秀兰凤珍梅莲红萍琴素淑翠婷雪倩颖洁琳慧莉蕾佳怡欣雨涵诗梦思可馨悦晓月美香爱银巧娥芝菊荷芬花枝侠菲薇瑶璐彤一若书语嘉艺妍继如会广前宜君继承恩光宗耀启朝廷安邦定乾坤景行仲康启贤克勤俭培德裕民兆丰本源大同维新纯厚毅恒信达礼智勋功业伦常开泰和顺昭彰显扬鸿钧铭钰锦铎镇铁钢铮锋锐钊炎灿烨煜炜焕炳燃照熙照临渊泓清源沛泽润涵渤潇澄潮江河浩淼沁汐杭森桐楠梓桦柏桢楷榕樱棠茵蓉萱芸莹茜荔薇莎蓓芷若兰苒茗韵音琪琦瑾瑜璇珊珂玥珏琬琰', 1 + floor(317 * random() ^ 2.2)::int, 1)
		|| CASE WHEN random() < 0.75 THEN substr('伟强军磊勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆旭宁龙林欢建国志文永德学成家庆云光春海东胜新祥福兴宝贵生良仁义忠传士怀茂子轩泽昊然晨博睿瑞梓天佑世正少长洪昌荣富振树全元根喜友先道守立万玉金水松峰亮昆岩芳娜敏静丽艳娟霞燕玲桂英秀兰凤珍梅莲红萍琴素淑翠婷雪倩颖洁琳慧莉蕾佳怡欣雨涵诗梦思可馨悦晓月美香爱银巧娥芝菊荷芬花枝侠菲薇瑶璐彤一若书语嘉艺妍继如会广前宜君继承恩光宗耀启朝廷安邦定乾坤景行仲康启贤克勤俭培德裕民兆丰本源大同维新纯厚毅恒信达礼智勋功业伦常开泰和顺昭彰显扬鸿钧铭钰锦铎镇铁钢铮锋锐钊炎灿烨煜炜焕炳燃照熙照临渊泓清源沛泽润涵渤潇澄潮江河浩淼沁汐杭森桐楠梓桦柏桢楷榕樱棠茵蓉萱芸莹茜荔薇莎蓓芷若兰苒茗韵音琪琦瑾瑜璇珊珂玥珏琬琰', 1 + floor(317 * random() ^ 2.2)::int, 1) ELSE '' END
	END AS name) n
$query$, :'persons'), NULL, NULL, false);
ANALYZE person;
