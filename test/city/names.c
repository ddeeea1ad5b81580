/*
 * names.c
 *		Chinese and minority names with something like their real frequencies,
 *		so that common names collide.
 */
#include <string.h>

#include "city.h"

/* Surnames with their weight per ten thousand. */
static const struct
{
	const char *text;
	int			weight;
}			surname_list[] = {
	{"王", 720}, {"李", 718}, {"张", 680}, {"刘", 540}, {"陈", 450}, {"杨", 310}, {"赵", 230}, {"黄", 225}, {"周", 212},
	{"吴", 205}, {"徐", 165}, {"孙", 153}, {"胡", 131}, {"朱", 125}, {"高", 119}, {"林", 118}, {"何", 117}, {"郭", 115},
	{"马", 105}, {"罗", 95}, {"梁", 85}, {"宋", 81}, {"郑", 78}, {"谢", 72}, {"韩", 68}, {"唐", 64}, {"冯", 64}, {"于", 62},
	{"董", 61}, {"萧", 59}, {"程", 57}, {"曹", 57}, {"袁", 54}, {"邓", 52}, {"许", 51}, {"傅", 51}, {"沈", 50}, {"曾", 50},
	{"彭", 49}, {"吕", 47}, {"苏", 46}, {"卢", 46}, {"蒋", 46}, {"蔡", 46}, {"贾", 42}, {"丁", 42}, {"魏", 42}, {"薛", 41},
	{"叶", 41}, {"阎", 40}, {"余", 40}, {"潘", 39}, {"杜", 38}, {"戴", 38}, {"夏", 37}, {"钟", 36}, {"汪", 36}, {"田", 35},
	{"任", 35}, {"姜", 34}, {"范", 34}, {"方", 33}, {"石", 32}, {"姚", 32}, {"谭", 31}, {"廖", 31}, {"邹", 31}, {"熊", 30},
	{"金", 30}, {"陆", 29}, {"郝", 29}, {"孔", 28}, {"白", 28}, {"崔", 28}, {"康", 27}, {"毛", 27}, {"邱", 27}, {"秦", 26},
	{"江", 26}, {"史", 26}, {"顾", 25}, {"侯", 25}, {"邵", 24}, {"孟", 24}, {"龙", 23}, {"万", 23}, {"段", 22}, {"雷", 22},
	{"钱", 22}, {"汤", 21}, {"尹", 21}, {"黎", 20}, {"易", 20}, {"常", 20}, {"武", 19}, {"乔", 19}, {"贺", 18}, {"赖", 18},
	{"龚", 18}, {"文", 17}, {"欧阳", 8}, {"上官", 3}, {"司马", 3}, {"诸葛", 3}, {"单", 6}, {"仇", 4}, {"鲍", 10}, {"胥", 5}};

static const char *const men_list[] = {
	"伟", "强", "军", "磊", "勇", "杰", "涛", "明", "超", "刚", "平", "辉", "鹏", "华", "飞", "鑫", "波", "斌", "宇", "浩",
	"凯", "健", "俊", "帆", "旭", "宁", "龙", "林", "欢", "建", "国", "志", "文", "永", "德", "学", "成", "家", "庆", "云",
	"光", "春", "海", "东", "胜", "新", "祥", "福", "兴", "宝", "贵", "生", "良", "仁", "义", "忠", "传", "士", "怀", "茂",
	"子", "轩", "泽", "昊", "然", "晨", "博", "睿", "瑞", "梓", "天", "佑", "世", "正", "少", "长", "洪", "昌", "荣", "富",
	"振", "树", "全", "元", "根", "喜", "友", "先", "道", "守", "立", "万", "玉", "金", "水", "松", "峰", "亮", "昆", "岩"};
static const char *const women_list[] = {
	"芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "燕", "玲", "桂", "英", "秀", "兰", "凤", "珍", "梅", "莲", "红", "萍",
	"荣", "琴", "云", "素", "淑", "翠", "玉", "华", "文", "婷", "雪", "倩", "颖", "洁", "琳", "慧", "莉", "蕾", "佳", "怡",
	"欣", "雨", "梓", "涵", "诗", "梦", "思", "可", "馨", "悦", "晓", "春", "月", "美", "香", "爱", "金", "银", "巧", "娥",
	"芝", "菊", "荷", "芬", "花", "枝", "侠", "云", "菲", "薇", "瑶", "璐", "彤", "一", "若", "书", "语", "嘉", "艺", "妍",
	"庆", "永", "世", "德", "士", "传", "家", "学", "如", "继", "成", "会", "广", "道", "前", "宜", "祥", "君", "俊", "平"};
static const char *const rare_list[] = {"䶮", "堃", "喆", "犇", "淼", "昇", "玥", "㛃", "㻇", "𬱖", "𬍛", "珺", "燚", "垚"};
static const char *const first_list[] = {
	"阿卜杜拉", "买买提", "古丽", "艾力", "阿依古丽", "吐尔逊", "热依汗", "木合塔尔", "帕提古丽", "迪丽努尔", "努尔", "哈斯木",
	"阿迪力", "库尔班", "玉素甫", "穆罕默德", "巴哈尔古丽", "卓玛", "多吉", "扎西"};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

int
surname_pick(Random *random)
{
	static int	total;
	int			draw;

	if (total == 0)
		for (size_t i = 0; i < LENGTH(surname_list); i++)
			total += surname_list[i].weight;
	draw = (int) random_below(random, (uint32_t) total);
	for (size_t i = 0; i < LENGTH(surname_list); i++)
	{
		draw -= surname_list[i].weight;
		if (draw < 0)
			return (int) i;
	}
	return 0;
}

void
name_of(const Core *core, char *name, size_t size)
{
	Random		random = random_for(core->given, core->surname, 17);
	const char *const *given = core->sex == 1 ? men_list : women_list;
	const char *first;
	const char *second;

	if (core->ethnic == 5)
	{
		first = first_list[random_below(&random, LENGTH(first_list))];
		second = first_list[random_below(&random, LENGTH(first_list))];
		snprintf(name, size, "%s·%s", first, second);
		return;
	}
	/* a quarter of the names has two characters, more among the young of the 1980s */
	first = given[random_below(&random, LENGTH(men_list))];
	second = chance(&random, 0.75) ? given[random_below(&random, LENGTH(men_list))] : "";
	if (second[0] != '\0' && chance(&random, 0.005))
		second = rare_list[random_below(&random, LENGTH(rare_list))];
	snprintf(name, size, "%s%s%s", surname_list[core->surname].text, first, second);
}

static size_t
character_length(const char *text)
{
	unsigned char lead = (unsigned char) text[0];

	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Three Han characters of three bytes each: the shape in which one changed character is surely "similar". */
bool
name_is_three_han(const char *name)
{
	return strlen(name) == 9 && character_length(name) == 3 && character_length(name + 3) == 3 &&
		character_length(name + 6) == 3;
}

/* Another last character; the name must have passed name_is_three_han. */
void
name_change_one(const char *name, char *other, size_t size, Random *random)
{
	static const char *const replacement[] = {"涛", "静", "敏", "波", "军", "红", "芝", "勇"};
	const char *last;

	do
		last = replacement[random_below(random, LENGTH(replacement))];
	while (strstr(name, last) != NULL);
	snprintf(other, size, "%.6s%s", name, last);
}

/* A name that shares no character with this one. */
void
name_unrelated(const char *name, char *other, size_t size, Random *random)
{
	static const char *const stranger[] = {"欧阳鹤鸣", "端木雪莹", "尉迟恭礼", "皇甫嵩岳", "司徒彬蔚"};

	(void) name;				/* none of these characters stands in the lists above but 司 and 雪 */
	snprintf(other, size, "%s", stranger[random_below(random, LENGTH(stranger))]);
	for (int tries = 0; tries < 20; tries++)
	{
		bool		shares = false;

		for (const char *c = other; *c != '\0'; c += character_length(c))
		{
			char		one[5] = {0};

			memcpy(one, c, character_length(c));
			shares = shares || strstr(name, one) != NULL;
		}
		if (!shares)
			return;
		snprintf(other, size, "%s", stranger[random_below(random, LENGTH(stranger))]);
	}
}

/* The same name with one character in its traditional or another variant form. */
bool
name_variant(const char *name, char *other, size_t size)
{
	static const char *const variant[][2] = {
		{"张", "張"}, {"刘", "劉"}, {"陈", "陳"}, {"杨", "楊"}, {"赵", "趙"}, {"黄", "黃"}, {"孙", "孫"}, {"马", "馬"},
		{"许", "許"}, {"郑", "鄭"}, {"谢", "謝"}, {"叶", "葉"}, {"蒋", "蔣"}, {"邓", "鄧"}, {"韩", "韓"}, {"冯", "馮"},
		{"龙", "龍"}, {"国", "國"}, {"伟", "偉"}, {"丽", "麗"}, {"兰", "蘭"}, {"凤", "鳳"}, {"罗", "羅"}, {"华", "華"},
		{"峰", "峯"}, {"吴", "吳"}};

	for (size_t i = 0; i < LENGTH(variant); i++)
	{
		const char *place = strstr(name, variant[i][0]);

		if (place != NULL)
		{
			snprintf(other, size, "%.*s%s%s", (int) (place - name), name, variant[i][1], place + strlen(variant[i][0]));
			return true;
		}
	}
	return false;
}
