/*
 * reading_tables.h
 *		Readings of surnames, and of characters that have several in given names,
 *		as data.  Included by reading_core.c only.
 */
#ifndef REGISTRY_READING_TABLES_H
#define REGISTRY_READING_TABLES_H

/*
 * Readings of surnames, the usual one first: another syllable than the
 * character has elsewhere, or several.
 */
typedef struct SurnameReading
{
	const char *surname;
	const char *readings;		/* alternatives parted by a slash */
} SurnameReading;

static const SurnameReading surname_readings[] = {
	{"单", "shan/dan"}, {"單", "shan/dan"}, {"曾", "zeng/ceng"}, {"仇", "qiu/chou"},
	{"解", "xie/jie"}, {"任", "ren"}, {"查", "zha/cha"}, {"朴", "piao/pu"},
	{"尉", "wei/yu"}, {"盖", "ge/gai"}, {"蓋", "ge/gai"}, {"区", "ou/qu"},
	{"區", "ou/qu"}, {"缪", "miao/mou"}, {"繆", "miao/mou"}, {"翟", "zhai/di"},
	{"乐", "yue/le"}, {"樂", "yue/le"}, {"员", "yun/yuan"}, {"員", "yun/yuan"},
	{"覃", "qin/tan"}, {"黑", "he/hei"}, {"折", "she/zhe"}, {"逄", "pang"},
	{"召", "shao/zhao"}, {"华", "hua"}, {"華", "hua"}, {"葛", "ge"},
	{"种", "chong/zhong"}, {"重", "chong/zhong"}, {"晁", "chao"}, {"隗", "wei/kui"},
	{"郇", "xun/huan"}, {"洗", "xian/xi"}, {"冼", "xian"}, {"秘", "bi/mi"},
	{"祕", "bi/mi"}, {"繁", "po/fan"}, {"能", "nai/neng"}, {"祭", "zhai/ji"},
	{"费", "fei/bi"}, {"費", "fei/bi"}, {"谌", "chen/shen"}, {"諶", "chen/shen"},
	{"沈", "shen"}, {"宓", "mi/fu"}, {"那", "na"}, {"哈", "ha"}, {"郗", "xi/chi"},
	{"句", "gou/ju"}, {"勾", "gou"}, {"牟", "mu/mou"}, {"粘", "nian/zhan"},
	{"车", "che"}, {"車", "che"}, {"柏", "bai/bo"}, {"薄", "bo/bao"},
	{"阚", "kan"}, {"闞", "kan"}, {"贾", "jia"}, {"賈", "jia"}, {"石", "shi"},
	{"卜", "bu"}, {"臧", "zang"}, {"应", "ying"}, {"應", "ying"}, {"燕", "yan"},
	{"宁", "ning"}, {"寧", "ning"}, {"纪", "ji"}, {"紀", "ji"}, {"俞", "yu/shu"},
	{"佴", "nai/er"}, {"麦", "mai"}, {"麥", "mai"}, {"万", "wan"}, {"过", "guo"},
	{"過", "guo"}, {"哥", "ge"}, {"长", "chang/zhang"}, {"朝", "chao"},
	{"藏", "zang/cang"}, {"盛", "sheng"}, {"瞿", "qu"}, {"令", "ling"}, {"丁", "ding"},
	{"降", "jiang/xiang"}, {"不", "fou/bu"}, {"撒", "sa"}, {"幺", "yao"}, {"么", "yao/mo"},
	{"万俟", "mo qi"}, {"萬俟", "mo qi"}, {"尉迟", "yu chi"}, {"尉遲", "yu chi"},
	{"单于", "chan yu"}, {"單于", "chan yu"}, {"长孙", "zhang sun"}, {"長孫", "zhang sun"},
	{"澹台", "tan tai"}, {"澹臺", "tan tai"}, {"令狐", "ling hu"}, {"乐正", "yue zheng"},
	{"樂正", "yue zheng"}, {"宰父", "zai fu"}, {"亓官", "qi guan"}, {"淳于", "chun yu"},
	{"申屠", "shen tu"}, {"闻人", "wen ren"}, {"聞人", "wen ren"}, {"欧阳", "ou yang"},
	{"歐陽", "ou yang"}, {"司马", "si ma"}, {"司馬", "si ma"}, {"上官", "shang guan"},
	{"诸葛", "zhu ge"}, {"諸葛", "zhu ge"}, {"皇甫", "huang fu"}, {"呼延", "hu yan"},
	{"夏侯", "xia hou"}, {"慕容", "mu rong"}, {"司徒", "si tu"}, {"司空", "si kong"},
	{"钟离", "zhong li"}, {"鍾離", "zhong li"}, {"宇文", "yu wen"}, {"东方", "dong fang"},
	{"東方", "dong fang"}, {"独孤", "du gu"}, {"獨孤", "du gu"}, {"南宫", "nan gong"},
	{"南宮", "nan gong"}, {"西门", "xi men"}, {"西門", "xi men"}, {"百里", "bai li"},
	{"公孙", "gong sun"}, {"公孫", "gong sun"}, {"端木", "duan mu"}, {"轩辕", "xuan yuan"},
	{"軒轅", "xuan yuan"}, {"太史", "tai shi"}, {"濮阳", "pu yang"}, {"濮陽", "pu yang"},
	{"公冶", "gong ye"}, {"宗政", "zong zheng"}, {"太叔", "tai shu"}, {"公羊", "gong yang"},
	{"赫连", "he lian"}, {"赫連", "he lian"}, {"仲孙", "zhong sun"}, {"仲孫", "zhong sun"},
	{"拓跋", "tuo ba"}, {"东郭", "dong guo"}, {"東郭", "dong guo"}, {"左丘", "zuo qiu"},
	{"梁丘", "liang qiu"}, {"完颜", "wan yan"}, {"完顏", "wan yan"}, {"纳兰", "na lan"},
	{"納蘭", "na lan"}, {"叶赫", "ye he"}, {"葉赫", "ye he"}, {"谷梁", "gu liang"},
	{"褚", "chu/zhu"}, {"隽", "juan/jun"}, {"雋", "juan/jun"}, {"都", "du/dou"}, {"郄", "qie/xi"}, {"莘", "shen/xin"},
	{"谷", "gu/yu"}, {"逢", "pang/feng"}, {"冯", "feng/ping"}, {"馮", "feng/ping"}, {"乜", "nie"}, {"厍", "she"},
	{"呙", "guo"}, {"咼", "guo"}, {"炅", "gui/jiong"}, {"宿", "su/xiu"}, {"訾", "zi"}, {"昝", "zan"}, {"仉", "zhang"},
	{"尹", "yin"}, {"臺", "tai"}, {"台", "tai"}, {"大", "da/dai"}, {"藉", "ji/jie"},
	{"颛孙", "zhuan sun"}, {"顓孫", "zhuan sun"}, {"巫马", "wu ma"}, {"巫馬", "wu ma"},
	{"公西", "gong xi"}, {"第五", "di wu"}, {"哥舒", "ge shu"}, {"漆雕", "qi diao"},
	{"南门", "nan men"}, {"南門", "nan men"}, {"东门", "dong men"}, {"東門", "dong men"},
	{"即墨", "ji mo"}, {"段干", "duan gan"}, {"夹谷", "jia gu"}, {"夾谷", "jia gu"}
};

/*
 * Characters of given names with several readings, the usual one in names
 * first.  Only what people are called by: a reading that no name has would but
 * lengthen the sets.
 */
static const SurnameReading given_readings[] = {
	{"乐", "le/yue"}, {"樂", "le/yue"}, {"长", "chang/zhang"}, {"長", "chang/zhang"}, {"重", "zhong/chong"},
	{"晟", "sheng/cheng"}, {"盛", "sheng/cheng"}, {"茜", "qian/xi"}, {"行", "xing/hang"}, {"朝", "chao/zhao"},
	{"曾", "zeng/ceng"}, {"单", "dan/shan"}, {"單", "dan/shan"}, {"少", "shao"}, {"传", "chuan/zhuan"},
	{"傳", "chuan/zhuan"}, {"莎", "sha/suo"}, {"校", "xiao/jiao"}, {"颉", "jie/xie"}, {"頡", "jie/xie"},
	{"柏", "bai/bo"}, {"卜", "bu"}, {"大", "da/dai"}, {"石", "shi/dan"}, {"莞", "guan/wan"},
	{"隽", "jun/juan"}, {"雋", "jun/juan"}, {"佛", "fo/fu"}, {"露", "lu/lou"}, {"藏", "cang/zang"},
	{"强", "qiang/jiang"}, {"強", "qiang/jiang"}, {"降", "jiang/xiang"}, {"车", "che/ju"}, {"車", "che/ju"},
	{"率", "shuai/lv"}, {"绿", "lv/lu"}, {"綠", "lv/lu"}, {"蔚", "wei/yu"}, {"尉", "wei/yu"}, {"员", "yuan/yun"},
	{"員", "yuan/yun"}, {"区", "qu/ou"}, {"區", "qu/ou"}, {"覃", "tan/qin"}, {"解", "jie/xie"}, {"仇", "chou/qiu"},
	{"都", "du/dou"}, {"拓", "tuo/ta"}, {"万", "wan"}, {"陆", "lu/liu"}, {"陸", "lu/liu"}, {"六", "liu/lu"},
	{"秘", "mi/bi"}, {"炅", "jiong/gui"}, {"奇", "qi/ji"}, {"其", "qi/ji"}, {"亲", "qin/qing"}, {"沈", "shen/chen"},
	{"省", "sheng/xing"}, {"种", "zhong/chong"}, {"地", "di/de"}, {"还", "huan/hai"}, {"還", "huan/hai"},
	{"会", "hui/kuai"}, {"會", "hui/kuai"}, {"见", "jian/xian"}, {"見", "jian/xian"}, {"角", "jiao/jue"},
	{"觉", "jue/jiao"}, {"覺", "jue/jiao"}, {"宓", "mi/fu"}, {"禅", "chan/shan"}, {"禪", "chan/shan"},
	{"澹", "dan/tan"}, {"冯", "feng/ping"}, {"馮", "feng/ping"}, {"红", "hong/gong"}, {"紅", "hong/gong"},
	{"虹", "hong/jiang"}, {"稽", "ji/qi"}, {"贾", "jia/gu"}, {"賈", "jia/gu"}, {"谷", "gu/yu"}, {"鹄", "hu/gu"},
	{"鵠", "hu/gu"}, {"繁", "fan/po"}, {"劲", "jin/jing"}, {"勁", "jin/jing"}, {"靓", "jing/liang"},
	{"靚", "jing/liang"}, {"泷", "long/shuang"}, {"瀧", "long/shuang"}, {"牟", "mou/mu"}, {"南", "nan/na"},
	{"娜", "na/nuo"}, {"朴", "pu/piao"}, {"蹊", "xi/qi"}, {"栖", "qi/xi"}, {"棲", "qi/xi"}, {"乾", "qian/gan"},
	{"遗", "yi/wei"}, {"遺", "yi/wei"}, {"莘", "xin/shen"}, {"信", "xin/shen"}, {"宿", "su/xiu"}, {"殷", "yin/yan"},
	{"叶", "ye/xie"}, {"菀", "wan/yu"}, {"钥", "yue/yao"}, {"鑰", "yue/yao"}, {"择", "ze/zhai"}, {"擇", "ze/zhai"},
	{"查", "cha/zha"}, {"翟", "di/zhai"}, {"召", "zhao/shao"}, {"著", "zhu/zhuo"}, {"和", "he/huo"},
	{"好", "hao"}, {"参", "shen/can"}, {"參", "shen/can"}, {"盖", "gai/ge"}, {"蓋", "gai/ge"}, {"缪", "miao/mou"},
	{"嘉", "jia"}, {"苔", "tai"}, {"伽", "jia/qie"}, {"迦", "jia"}, {"瑾", "jin"}, {"喆", "zhe"}, {"堃", "kun"},
	{"昇", "sheng"}, {"犇", "ben"}, {"淼", "miao"}, {"玥", "yue"}, {"珺", "jun"}, {"䶮", "yan"}, {"㛃", "jie"},
	{"㻇", "sheng"}, {"垚", "yao"}, {"燚", "yi"}, {"翯", "he"}, {"祎", "yi"}, {"禕", "yi"}, {"婠", "wan"}
};

#endif							/* REGISTRY_READING_TABLES_H */
