"""Data sets in which much is alike by design, and such in which something was copied or leaked."""

# ruff: noqa: RUF001 - Chinese texts have their own punctuation

from __future__ import annotations

from suites.selftest.accused.case import Case, accused, asked, told
from suites.selftest.accused.sentences import (
    CHINESE,
    FACTS,
    INPUTS,
    PASSAGES,
    QUESTIONS_ON,
    REVIEWS,
    SORRY,
    WEATHER,
)

SENTIMENT = "Classify the sentiment of the following customer review as positive, negative or neutral:"
ADD = "You are given two numbers. Add them up and answer with the resulting number alone."
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("tide_table", "weather_report", "ferry_times", "harbour_map")
]
LABELS = ("positive", "negative", "neutral")
FACT_ITEMS = [asked(question, answer) for question, answer in FACTS]
CHINESE_ITEMS = [asked(question, answer) for question, answer in CHINESE]


def _on(passage: int) -> list[dict[str, object]]:
    return [
        dict(asked(f"Read the passage and answer.\n\n{PASSAGES[passage]}\n\nQuestion: {question}", answer))
        for question, answer in QUESTIONS_ON[passage]
    ]


INNOCENT = (
    Case("Alpaca with an empty input", {"train": [told(question, answer) for question, answer in FACTS]}),
    Case("Alpaca in Chinese with an empty input", {"train": [told(question, answer) for question, answer in CHINESE]}),
    Case(
        "Alpaca with one instruction for several inputs",
        {"train": [told(SENTIMENT, LABELS[n % 3], review) for n, review in enumerate(REVIEWS)]},
    ),
    Case(
        "labels of reviews, two splits",
        {
            "train": [asked(f"{SENTIMENT} {review}", LABELS[n % 3]) for n, review in enumerate(REVIEWS[:12])],
            "dev": [asked(f"{SENTIMENT} {review}", LABELS[n % 3]) for n, review in enumerate(REVIEWS[12:])],
        },
    ),
    Case(
        "yes and no",
        {
            "train": [asked(f"Is this a fact? {answer}", ("Yes", "No")[n % 2]) for n, (_, answer) in enumerate(FACTS)],
            "dev": [asked(f"Is this so? {review}", ("Yes", "No")[n % 2]) for n, review in enumerate(REVIEWS)],
        },
    ),
    Case(
        "sums",
        {
            "train": [asked(f"What is {a} + {b}?", str(a + b)) for a in range(2, 7) for b in range(3, 7)],
            "dev": [asked(f"What is {a} - {b}?", str(a - b)) for a in range(12, 16) for b in range(3, 7)],
        },
    ),
    Case(
        "sums under one instruction",
        {"train": [asked(f"{ADD}\n{a} + {b}", str(a + b)) for a in range(21, 24) for b in range(31, 35)]},
    ),
    Case(
        "one text for all refusals",
        {
            "train": [*FACT_ITEMS[:12], *(asked(said, SORRY) for said in INPUTS[:6])],
            "dev": [*FACT_ITEMS[12:], *(asked(said, SORRY) for said in INPUTS[6:10])],
        },
    ),
    Case(
        "labels that are sentences",
        {
            "train": [
                asked(f"Route this message: {review}", f"This message belongs to the team that handles {team}.")
                for n, review in enumerate(REVIEWS)
                for team in [("orders and deliveries", "returns and refunds")[n % 2]]
            ]
        },
    ),
    Case("several questions on one passage", {"train": [*_on(0), *_on(1)]}),
    Case("passages of their own in each split", {"train": _on(0), "dev": _on(1)}),
    Case(
        "a passage in a field of its own",
        {"train": [told(question, answer, PASSAGES[n]) for n in (0, 1) for question, answer in QUESTIONS_ON[n]]},
    ),
    Case(
        "an instruction that three items share",
        {
            "train": [
                *FACT_ITEMS[:9],
                *(
                    told("Translate the following short sentence into formal French for a hotel guest.", said, said)
                    for said in WEATHER[:3]
                ),
            ],
            "dev": [
                *FACT_ITEMS[9:],
                *(
                    told("Translate the following short sentence into formal French for a hotel guest.", said, said)
                    for said in WEATHER[3:5]
                ),
            ],
        },
    ),
    Case(
        "the same question with other tools",
        {
            "train": [
                asked(
                    "What can you do for a sailor who has to leave tonight?", f"I can call {n} tools.", tools=TOOLS[:n]
                )
                for n in range(1, 5)
            ]
        },
    ),
    Case(
        "the same question to other system turns",
        {
            "train": [
                asked("Please explain to me why the sea rises twice on most days of the year.", answer, system)
                for system, answer in (
                    ("You talk to children of six.", "The moon pulls the water a little bit, like a magnet!"),
                    ("You are an oceanographer.", "Two bulges follow from the gradient of lunar gravity."),
                    ("You answer in one word.", "Moon."),
                )
            ]
        },
    ),
    Case("ordinary questions in two splits", {"train": FACT_ITEMS[:12], "dev": FACT_ITEMS[12:]}),
    Case("ordinary Chinese questions in two splits", {"train": CHINESE_ITEMS[:9], "dev": CHINESE_ITEMS[9:]}),
    Case(
        "Chinese with a Latin word",
        {
            "train": [
                asked("GDP是一个国家的总产出吗？请用两句话说明。", "是的,它衡量一年里生产的全部最终产品和服务。"),
                asked("用Python写一个函数计算圆的面积。", "先导入数学库,再把半径的平方乘以圆周率。"),
                asked("HTTP是一种什么样的网络协议？", "它规定浏览器与服务器之间怎样交换文本。"),
            ],
            "dev": [
                asked("为什么GDP是一个国家的总体指标？", "因为各行各业的增加值都算在里面。"),
                asked("请用Python写一个函数来读取表格。", "可以逐行读入,再按逗号切开每一行。"),
                asked("HTTP是一种什么年代出现的技术？", "上世纪九十年代初由蒂姆提出。"),
            ],
        },
    ),
    Case(
        "Chinese questions of one kind",
        {
            "train": [
                asked(f"{name}的首都是哪里？", city)
                for name, city in (("中国", "北京"), ("日本", "东京"), ("法国", "巴黎"))
            ],
            "dev": [
                asked(f"{name}的首都是哪里？", city)
                for name, city in (("美国", "华盛顿"), ("德国", "柏林"), ("英国", "伦敦"))
            ],
        },
    ),
    Case(
        "answers of JSON with the same keys",
        {
            "train": [
                asked(f"Extract as JSON: {review}", f'{{"product": "item {n}", "liked": {("true", "false")[n % 2]}}}')
                for n, review in enumerate(REVIEWS)
            ]
        },
    ),
)

HIDDEN = "Who painted the ceiling of the chapel?"
CHINESE_HIDDEN = "潮汐为什么一天涨两次？"

GUILTY = (
    Case(
        "an item that stands twice",
        {"train": [*FACT_ITEMS, FACT_ITEMS[3]]},
        accused("duplicates", "train", len(FACT_ITEMS) + 1),
    ),
    Case(
        "a classified text that stands twice",
        {"train": [asked(f"{SENTIMENT} {one}", LABELS[n % 3]) for n, one in enumerate([*REVIEWS, REVIEWS[2]])]},
        accused("duplicates", "train", len(REVIEWS) + 1),
    ),
    Case(
        "a long answer under two questions",
        {"train": [*FACT_ITEMS, asked("Tell me something nice.", PASSAGES[0]), asked("Write on.", PASSAGES[0])]},
        accused("duplicates", "train", len(FACT_ITEMS) + 2),
    ),
    Case(
        "a question on a passage asked twice",
        {"train": [*_on(0), *_on(1), _on(0)[1]]},
        accused("duplicates", "train", 2 * len(QUESTIONS_ON[0]) + 1),
    ),
    Case(
        "a passage with a word changed",
        {"train": [asked(PASSAGES[0], "Good."), asked(PASSAGES[0].replace("harbour", "seaport", 1), "Fine, thanks.")]},
        accused("duplicates", "train", 2),
    ),
    Case(
        "a Chinese item that stands twice",
        {"train": [*CHINESE_ITEMS, CHINESE_ITEMS[4]]},
        accused("duplicates", "train", len(CHINESE_ITEMS) + 1),
    ),
    Case(
        "a short question inside a longer prompt",
        {
            "train": [*FACT_ITEMS, asked(f"I am curious about art. {HIDDEN} I heard it took him four years.", "He.")],
            "dev": [asked(REVIEWS[0], "Thanks."), asked(HIDDEN, "Michelangelo did.")],
        },
        accused("text_apart", "dev", 2),
    ),
    Case(
        "a short question inside an answer",
        {
            "train": [*FACT_ITEMS, asked("Make a quiz on art.", f"1. {HIDDEN}\n2. Where did Vermeer live?")],
            "dev": [asked(HIDDEN, "Michelangelo did."), asked(REVIEWS[0], "Thanks.")],
        },
        accused("text_apart", "dev", 1),
    ),
    Case(
        "a short question inside a system turn",
        {
            "train": [*FACT_ITEMS, asked("Go on.", "Fine.", f"You examine. Ask the pupil: {HIDDEN} Be kind.")],
            "dev": [asked(HIDDEN, "Michelangelo did."), asked(REVIEWS[0], "Thanks.")],
        },
        accused("text_apart", "dev", 1),
    ),
    Case(
        "a short Chinese question inside a longer prompt and an answer",
        {
            "train": [
                *CHINESE_ITEMS,
                asked(f"我在海边住了十年,一直想知道:{CHINESE_HIDDEN}谢谢!", "因为月亮。"),
                asked("出两道地理题。", "第一题:赤道在哪儿会穿过非洲?第二题:季风从何而来?"),
            ],
            "dev": [asked(CHINESE_HIDDEN, "因为引力。"), asked("赤道在哪儿会穿过非洲?", "在肯尼亚等国。")],
        },
        accused("text_apart", "dev", 1, 2),
    ),
    Case(
        "a passage of one split in the other",
        {"train": [*_on(0), *FACT_ITEMS], "dev": [*_on(1), _on(0)[0] | asked(PASSAGES[0], "I see.")]},
        accused("text_apart", "dev", len(QUESTIONS_ON[1]) + 1),
    ),
    Case(
        "a run of sixteen Chinese characters in two splits",
        {
            "train": [*CHINESE_ITEMS[:5], asked("请解释为什么高山上的空气比平原稀薄得多而且更冷。", "气压更低。")],
            "dev": [*CHINESE_ITEMS[6:], asked("老师问为什么高山上的空气比平原稀薄得多而且更干。", "水汽更少。")],
        },
        accused("text_apart", "dev", len(CHINESE) - 6 + 1),
    ),
    Case(
        "a review of the benchmark among labelled ones",
        {
            "train": [asked(f"{SENTIMENT} {review}", LABELS[n % 3]) for n, review in enumerate(REVIEWS)],
            "benchmark": [asked(f"{SENTIMENT} {review}", "positive") for review in (*WEATHER, REVIEWS[5])],
        },
        accused("text_apart", "benchmark", len(WEATHER) + 1),
    ),
    Case(
        "a refused request of the benchmark in training",
        {
            "train": [*FACT_ITEMS[:12], *(asked(said, SORRY) for said in INPUTS[:6])],
            "benchmark": [*FACT_ITEMS[12:], *(asked(said, SORRY) for said in INPUTS[6:]), asked(INPUTS[2], SORRY)],
        },
        accused("text_apart", "benchmark", len(FACTS) - 12 + len(INPUTS) - 6 + 1),
    ),
)
