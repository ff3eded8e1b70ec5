"""Make service_talks.json: 40 talks of a customer service, with breaches planted.

    python notebooks/data/service_talks.py [FOLDER]

Half of the talks are English, half Chinese. Each of eight steps of a procedure is kept
or broken by a seeded draw: left out, or done in a way that falls just short. Each agent
breaks one step often. The truth stands beside each talk, with the
line that shows it where there is one.
"""

from random import Random
from typing import Any

from fetch import save_json

SEED, TALKS = 8, 20
#: How often a step is broken: as a rule, and where it is the agent's weak one.
RARE, WEAK = 0.14, 0.7
STEPS = {
    "greeting": (
        "The first line of the agent names the company and the agent.",
        "客服的第一句话要报出公司名和自己的姓名。",
    ),
    "identity": (
        "Before saying anything of the order, the agent checks its number and the "
        "postcode.",
        "在谈及订单内容之前，客服要核对订单号和邮政编码两项信息。",
    ),
    "restating": (
        "The agent repeats the problem in other words and asks whether it is right.",
        "客服要用自己的话复述问题，并请客户确认。",
    ),
    "regret": (
        "The agent says sorry for the trouble.",
        "客服要对给客户带来的不便表示歉意。",
    ),
    "solution": (
        "The agent says what exactly will be done.",
        "客服要说明具体的处理办法。",
    ),
    "deadline": (
        "The agent names the day by which it will be done.",
        "客服要说出办妥的具体日期。",
    ),
    "privacy": (
        "The agent never asks for a password, a PIN or a whole card number.",
        "客服不得索要密码、验证码或完整的银行卡号。",
    ),
    "closing": (
        "The agent asks whether there is anything else, and thanks the customer.",
        "结束前，客服要询问是否还有其他问题，并感谢客户。",
    ),
}
ORDER = (
    *("greeting", "problem", "identity", "restating", "regret"),
    *("privacy", "solution", "deadline", "closing"),
)
AGENTS = {
    "en": {
        "Amy": "deadline",
        "Ben": "restating",
        "Chloe": "privacy",
        "Dan": "closing",
        "Eve": "identity",
    },
    "zh": {
        "李敏": "regret",
        "王磊": "deadline",
        "张倩": "solution",
        "陈浩": "greeting",
        "赵琳": "restating",
    },
}
#: What it is about: the customer's line, the problem again, what will be done.
PROBLEMS = {
    "en": [
        ("my {thing} came with a crack in the side", "your {thing} came cracked",
         "I am sending you a new {thing} and a label to return the old one"),
        ("I was charged twice for the {thing}", "you paid for one {thing} two times",
         "I am refunding the second payment to the account it came from"),
        ("the {thing} has not come, and it is a week late",
         "the {thing} is a week overdue", "I am opening a search at the carrier and "
         "sending a second {thing} today"),
        ("you sent the {thing} in the wrong colour", "the colour of the {thing} is not "
         "the one you ordered", "I am exchanging the {thing}; the driver takes the "
         "wrong one along"),
        ("the {thing} stopped working after two days", "the {thing} failed within two "
         "days", "I am booking a repair at your door, and you keep a loan {thing}"),
    ],
    "zh": [
        ("收到的{thing}侧面有一道裂缝", "您收到的{thing}是裂的",
         "我给您补发一台新的{thing}，并附上旧货的退件单"),
        ("买{thing}被扣了两次款", "同一台{thing}付了两次钱",
         "我把第二笔付款原路退回您的账户"),
        ("{thing}晚了一个星期还没到", "{thing}已经超期一周没有送达",
         "我向快递公司发起查件，并于今天补发一台{thing}"),
        ("你们发来的{thing}颜色不对", "{thing}的颜色和您订的不一样",
         "我为您换货，快递员上门时把发错的{thing}带走"),
        ("{thing}用了两天就不工作了", "{thing}两天内就出了故障",
         "我预约师傅上门维修，期间借给您一台{thing}"),
    ],
}  # fmt: skip
THINGS = {
    "en": ["kettle", "desk lamp", "toaster", "heater", "fan", "radio"],
    "zh": ["电水壶", "台灯", "烤面包机", "取暖器", "电风扇", "收音机"],
}
DAYS = {
    "en": ["Monday the 3rd", "Wednesday the 5th", "Friday the 7th", "Tuesday the 11th"],
    "zh": ["3号星期一", "5号星期三", "7号星期五", "11号星期二"],
}
#: For each step, the lines that keep it and the lines that fall short; None: no line.
LINES: dict[str, dict[str, tuple[list[str | None], list[str | None]]]] = {
    "en": {
        "greeting": (
            ["Harbour Home, good morning, this is {agent}.",
             "Hello, you are talking to {agent} at Harbour Home.",
             "Welcome to Harbour Home, {agent} here."],
            ["Hello, how can I help?", "Good morning, {agent} here.",
             "Harbour Home, good day."],
        ),
        "identity": (
            ["Before I open it: the order number and your postcode, please?",
             "May I have the number of the order, and the postcode it goes to?"],
            ["Could you give me the order number, please?",
             "I have it here, it left us on the 20th. What was your postcode again?"],
        ),
        "restating": (
            ["So that I have it right: {again}. Is that so?",
             "Let me repeat: {again}. Do I see that correctly?"],
            ["I see.", "All right, I have noted it.", None],
        ),
        "regret": (
            ["I am sorry for the trouble that this gave you.",
             "I apologise, that should not have happened."],
            ["That happens with this model.", "You are not the first to ask today.",
             None],
        ),
        "solution": (
            ["{fix}.", "This is what I do now: {fix}."],
            ["Somebody here will look into it.",
             "I pass it on, and then we shall see what can be done."],
        ),
        "deadline": (
            ["It will be done by {day}.", "You can count on it by {day}."],
            ["It will be done as soon as possible.", "It should not take too long.",
             None],
        ),
        "privacy": (
            [None],
            ["Please tell me the password of your account too, it is quicker that way.",
             "And read me the whole number of your card, all sixteen digits."],
        ),
        "closing": (
            ["Is there anything else? Then thank you for calling.",
             "Anything more I can do? Thank you for your patience, and goodbye."],
            ["Good, goodbye then.", "Thank you, bye.", "Anything else? No? Bye."],
        ),
    },
    "zh": {
        "greeting": (
            ["您好，海港家居，我是客服{agent}。",
             "海港家居为您服务，我叫{agent}，您请讲。",
             "您好，这里是海港家居，{agent}很高兴为您服务。"],
            ["您好，请问有什么可以帮您？", "您好，我是{agent}。", "您好，海港家居。"],
        ),
        "identity": (
            ["查询之前先跟您核对一下：请报一下订单号和邮政编码。",
             "麻烦您提供订单号，还有收货地址的邮编。"],
            ["请报一下订单号。", "我这边看到了，是20号发的货。您的邮编是多少来着？"],
        ),
        "restating": (
            ["我复述一下：{again}，对吗？", "也就是说，{again}，我理解得对不对？"],
            ["嗯，知道了。", "好的，我记下来了。", None],
        ),
        "regret": (
            ["给您添麻烦了，非常抱歉。", "对不起，这种事本不应该发生。"],
            ["这个型号常有这种情况。", "今天您不是第一个来问的。", None],
        ),
        "solution": (
            ["{fix}。", "我现在就这样处理：{fix}。"],
            ["我们会有人看一下的。", "我往上反映一下，再看能怎么办。"],
        ),
        "deadline": (
            ["{day}之前办好。", "最晚{day}，一定给您办妥。"],
            ["会尽快办的。", "应该用不了多久。", None],
        ),
        "privacy": (
            [None],
            ["麻烦您把账户密码也告诉我，这样快一些。",
             "请把银行卡的16位卡号完整地念一遍。"],
        ),
        "closing": (
            ["请问还有其他问题吗？感谢您的来电。",
             "还有什么可以帮您的吗？谢谢您的耐心，再见。"],
            ["好，那再见。", "谢谢，再见。", "还有事吗？没有就挂了。"],
        ),
    },
}  # fmt: skip
#: The customer's lines: after the question of identity and the others, and in between.
WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "speakers": ("Agent: ", "Customer: "),
        "problem": ["Hello, {problem}.",
                    "Good morning. It is about an order: {problem}.",
                    "Hi, I hope you can help me, {problem}."],
        "identity": ["Yes: {order}, and {postcode}.", "It is {order}. {postcode}."],
        "one detail": {"order": "It is {order}.", "postcode": "{postcode}, why?"},
        "agree": ["Yes, exactly.", "That is it.", "Yes, and it is a pity."],
        "answer": ["All right.", "I need it at the weekend, you see.",
                   "If you say so.", "It was a present, too."],
        "privacy": ["Hm. Do you really need that?", "I would rather not."],
        "end": ["No, that was all.", "That is all, bye."],
        "cut": ["Goodbye.", "Oh. Bye, then."],
    },
    "zh": {
        "speakers": ("客服：", "客户："),
        "problem": ["你好，{problem}。", "喂，我想问一下订单的事，{problem}。",
                    "您好，请帮我看看，{problem}。"],
        "identity": ["订单号{order}，邮编{postcode}。", "是{order}，{postcode}。"],
        "one detail": {"order": "是{order}。", "postcode": "{postcode}，怎么了？"},
        "agree": ["对，就是这样。", "没错。", "是的，挺可惜的。"],
        "answer": ["好吧。", "我周末就要用的。", "你们说了算。", "这还是送人的呢。"],
        "privacy": ["这个……真的需要吗？", "这个我不太想说。"],
        "end": ["没有了。", "就这些，再见。"],
        "cut": ["再见。", "哦，那再见吧。"],
    },
}  # fmt: skip


def talk(language: str, number: int) -> dict[str, object]:
    """Return a talk with its truth."""
    chance = Random(f"{SEED}:{language}:{number}")
    agents = AGENTS[language]
    agent = list(agents)[number % len(agents)]
    thing = chance.choice(THINGS[language])
    problem, again, fix = (
        text.format(thing=thing) for text in chance.choice(PROBLEMS[language])
    )
    facts = {
        "agent": agent,
        "problem": problem,
        "again": again,
        "fix": fix[0].upper() + fix[1:],
        "day": chance.choice(DAYS[language]),
        "order": f"HH-{chance.randint(10_000, 99_999)}",
        "postcode": str(chance.randint(100_000, 699_999)),
    }
    kept, said = {}, {}
    for step, lines in LINES[language].items():
        rate = WEAK if step == agents[agent] else RARE
        kept[step] = chance.random() >= rate
        line = chance.choice(lines[not kept[step]])
        said[step] = line.format(**facts) if line else None
    return {
        "id": f"{language}-{number + 1:02}",
        "language": language,
        "agent": agent,
        "text": text_of(language, said, kept, facts, chance),
        "kept": kept,
        "lines": said,
    }


def text_of(
    language: str,
    said: dict[str, str | None],
    kept: dict[str, bool],
    facts: dict[str, str],
    chance: Random,
) -> str:
    """Return the lines of both, in the order of the procedure."""
    words = WORDS[language]
    agent, customer = words["speakers"]
    turns = []
    for step in ORDER:
        if step == "problem":
            turns.append(customer + chance.choice(words[step]).format(**facts))
        elif line := said[step]:
            turns.append(agent + line)
            if answer := reply(words, step, line, kept[step], chance):
                turns.append(customer + answer.format(**facts))
    return "\n".join(turns)


def reply(
    words: dict[str, Any], step: str, line: str, kept: bool, chance: Random
) -> str | None:
    """Return what the customer says to a line of the agent."""
    match step:
        case "identity" if not kept:
            asks_postcode = "20" in line
            return words["one detail"]["postcode" if asks_postcode else "order"]
        case "restating":
            return chance.choice(words["agree"]) if kept else None
        case "closing":
            return chance.choice(words["end" if kept else "cut"])
        case "identity" | "privacy":
            return chance.choice(words[step])
        case "greeting":
            return None
        case _:
            return chance.choice(words["answer"]) if chance.random() < 0.4 else None


def main() -> None:
    save_json(
        __file__,
        {
            "steps": {
                step: dict(zip(("en", "zh"), texts, strict=True))
                for step, texts in STEPS.items()
            },
            "talks": [
                talk(language, number)
                for language in ("en", "zh")
                for number in range(TALKS)
            ],
        },
    )


if __name__ == "__main__":
    main()
