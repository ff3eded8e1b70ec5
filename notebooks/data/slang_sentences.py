"""Make slang_sentences.json: twenty sentences with slang, and how they read in Chinese.

    python notebooks/data/slang_sentences.py [FOLDER]

Written for the gallery, one for each of twenty slang tokens of slang_ratings.csv. The
term is what the token has to become in Chinese.
"""

from fetch import save_json

SENTENCES = (
    (
        "idk",
        "我不知道",
        "idk which train we should take.",
        "我不知道我们该坐哪趟火车。",
    ),
    ("plz", "请", "plz send me the slides.", "请把幻灯片发给我。"),
    ("np", "没问题", "np, I can wait until noon.", "没问题，我可以等到中午。"),
    ("ftw", "最棒", "Homemade noodles ftw!", "自家做的面条最棒！"),
    ("smh", "摇头", "He forgot his keys again, smh.", "他又忘了带钥匙，真让人摇头。"),
    ("lolz", "哈哈", "My cat fears the toaster, lolz.", "我的猫害怕烤面包机，哈哈。"),
    ("bsod", "蓝屏", "The lab computer has a bsod.", "实验室的电脑蓝屏了。"),
    ("mia", "失联", "Our coach is mia since Monday.", "我们的教练从周一起就失联了。"),
    (
        "tia",
        "先谢谢",
        "Can you lend me a charger? tia",
        "能借我一个充电器吗？先谢谢了。",
    ),
    ("nbd", "没什么大不了", "I missed the bus, nbd.", "我没赶上公交车，没什么大不了。"),
    ("jealz", "嫉妒", "At the sea already? So jealz.", "已经到海边了？好嫉妒。"),
    ("grrr", "气死", "grrr, the printer has no paper.", "气死我了，打印机没纸了。"),
    ("doa", "到货即坏", "The new keyboard was doa.", "新键盘到货即坏。"),
    (
        "gigo",
        "垃圾进，垃圾出",
        "Check the survey first: gigo.",
        "先检查问卷：垃圾进，垃圾出。",
    ),
    ("btdt", "我经历过", "Moving house in August? btdt.", "八月搬家？我经历过。"),
    ("ntmu", "很高兴认识你", "I am Lena, ntmu!", "我是莱娜，很高兴认识你！"),
    ("jw", "只是好奇", "Is the pool heated? jw", "泳池是加热的吗？只是好奇。"),
    ("pita", "麻烦", "This zip is a pita.", "这个拉链真麻烦。"),
    ("qq", "哭", "No tickets left, qq.", "没有票了，哭。"),
    ("roflmao", "笑死", "A dog ate the speech, roflmao.", "狗把讲稿吃了，笑死我了。"),
)


def main() -> None:
    names = ("token", "term", "english", "chinese")
    save_json(__file__, [dict(zip(names, row, strict=True)) for row in SENTENCES])


if __name__ == "__main__":
    main()
