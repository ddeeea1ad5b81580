/*
 * name_tables.h
 *		The fold tables of names, as data.  Included by name_core.c only.
 *
 * Change NAME_FOLD_VERSION with any change here or in the steps of
 * name_core.c that alters a result: stored keys and indexes over them are
 * valid for one version (name_fold_version()).
 */
#ifndef REGISTRY_NAME_TABLES_H
#define REGISTRY_NAME_TABLES_H

#define NAME_FOLD_VERSION 1

/*
 * GBK positions FE50 .. FE7E, FE80 .. FEA0, which decoders with the old table
 * deliver as U+E815 + index.  Among them are 14 of the 24 positions at which
 * the editions of GB 18030 differ; the edition of 2022 moved eight of those
 * four-byte codes the other way, so the same table heals both directions.
 */
#define GBK_BLOCK_FIRST 0xE815
static const uint32 gbk_block[80] = {
	0x2E81, 0x20087, 0x20089, 0x200CC, 0x2E84, 0x3473, 0x3447, 0x2E88,
	0x2E8B, 0x9FB4, 0x359E, 0x361A, 0x360E, 0x2E8C, 0x2E97, 0x396E,
	0x3918, 0x9FB5, 0x39CF, 0x39DF, 0x3A73, 0x39D0, 0x9FB6, 0x9FB7,
	0x3B4E, 0x3C6E, 0x3CE0, 0x2EA7, 0x215D7, 0x9FB8, 0x2EAA, 0x4056,
	0x415F, 0x2EAE, 0x4337, 0x2EB3, 0x2EB6, 0x2EB7, 0x2298F, 0x43B1,
	0x43AC, 0x2EBB, 0x43DD, 0x44D6, 0x4661, 0x464C, 0x9FB9, 0x4723,
	0x4729, 0x477C, 0x478D, 0x2ECA, 0x4947, 0x497A, 0x497D, 0x4982,
	0x4983, 0x4985, 0x4986, 0x499F, 0x499B, 0x49B7, 0x49B6, 0x9FBA,
	0x241FE, 0x4CA3, 0x4C9F, 0x4CA0, 0x4CA1, 0x4C77, 0x4CA2, 0x4D13,
	0x4D14, 0x4D15, 0x4D16, 0x4D17, 0x4D18, 0x4D19, 0x4DAE, 0x9FBB
};

/* A6D9 .. A6F3: vertical forms; note the exchanged FE11 and FE12. */
#define VERTICAL_FORM_FIRST 0xE78D
static const uint32 vertical_forms[10] = {
	0xFE10, 0xFE12, 0xFE11, 0xFE13, 0xFE14, 0xFE15, 0xFE16, 0xFE17, 0xFE18, 0xFE19
};

/* A989 .. A995: ideographic description characters. */
#define DESCRIPTION_FIRST 0xE7E7
static const uint32 description_characters[13] = {
	0x303E, 0x2FF0, 0x2FF1, 0x2FF2, 0x2FF3, 0x2FF4, 0x2FF5, 0x2FF6, 0x2FF7,
	0x2FF8, 0x2FF9, 0x2FFA, 0x2FFB
};

/* What is typed or decoded instead of the name dot, U+00B7. */
static const uint16 dot_forms[] = {
	0x00B7, 0x02D9, 0x0387, 0x1427, 0x16EB, 0x2022, 0x2024, 0x2027, 0x2219,
	0x22C5, 0x25CF, 0x25E6, 0x2E31, 0x2E33, 0x30FB, 0x318D, 0xFF61, 0xFF65
};

/* Opening and closing brackets, in pairs. */
static const uint16 bracket_pairs[][2] = {
	{'(', ')'}, {'[', ']'}, {'{', '}'}, {0x3008, 0x3009}, {0x300A, 0x300B},
	{0x3010, 0x3011}, {0x3014, 0x3015}, {0x3016, 0x3017}, {0xFE59, 0xFE5A},
	{0xFF08, 0xFF09}, {0xFF3B, 0xFF3D}, {0xFF5B, 0xFF5D}
};

/* What stands in a name field instead of a name (rule ID22): whole, then beginnings. */
static const char *const placeholder_names[] = {
	"无", "無", "空", "未知", "不详", "不詳", "不明", "姓名", "名字", "无名", "匿名", "佚名", "暂无", "待定",
	"未命名", "未取名", "某某", "某某某", "某人", "本人", "同上", "保密", "无姓名", "NULL", "NONE", "NIL",
	"N/A", "NA", "NAME", "XX", "XXX", "XXXX", "ABC", "AAA", "ASDF", "UNKNOWN"
};

static const char *const placeholder_beginnings[] = {
	"测试", "測試", "无名氏", "無名氏", "无名男", "无名女", "TEST"
};

#endif							/* REGISTRY_NAME_TABLES_H */
