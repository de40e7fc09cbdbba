"""Units, magnitudes and number words, in both languages."""

SECONDS = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "day": 86400.0,
    "week": 7 * 86400.0,
    "month": 30 * 86400.0,
    "quarter": 91 * 86400.0,
    "year": 365 * 86400.0,
}

UNITS = (
    ("%", "%|个百分点|百分点|percentage points|percentage point|percent|per cent|pp"),
    ("us", "微秒|µs"),
    ("ms", "毫秒|ms|milliseconds|millis"),
    ("s", "秒|秒钟|seconds|second|secs|sec|s"),
    ("min", "分钟|minutes|minute|mins|min"),
    ("h", "小时|个小时|hours|hour|hrs|hr|h"),
    ("day", "天|工作日|个工作日|days|day|working days|nights|night|晚"),
    ("week", "周|个星期|个礼拜|weeks|week|sprints"),
    ("month", "个月|months|month"),
    ("quarter", "个季度|季度|quarters|quarter"),
    ("year", "年|years|year|yrs"),
    ("qps", "qps|tps|rps|req/s|requests per second|requests a second|次/秒|次每秒"),
    ("x", "倍|x|fold|-fold"),
    ("gb", "gb|g 内存"),
    ("tb", "tb"),
    ("mb", "mb"),
    ("kb", "kb"),
    ("pb", "pb"),
    ("money", "元|块|块钱|美元|美金|人民币|dollars|usd|rmb|cny|eur|euros|yuan|pounds"),
    (
        "people",
        "人|名|位|个人|名工程师|people|persons|engineers|engineer|members|nurses|developers|"
        "reports|direct reports|"
        "staff|reps|designers|analysts|colleagues|teachers",
    ),
    ("patients", "例|床|张床|个床位|名患者|位患者|个病人|beds|bed|patients|patient|cases"),
    (
        "users",
        "用户|个用户|名用户|个客户|家客户|users|customers|subscribers|accounts|students|clients|"
        "stores|families",
    ),
    (
        "incidents",
        "故障|宕机|失误|缺陷|起|起事故|次事故|次故障|次投诉|事故|投诉|差错|incidents|outages|errors|complaints|falls|"
        "defects|bugs",
    ),
    (
        "count",
        "次|times|台|个|家|项|条|件|单|份|门|张|店|套|章|场|篇|种|班|层|轮|版|组|处|页|句|笔|期|届|通|"
        "行|道|步|路|封|辆|km|rows|lines|"
        "calls|requests|tickets|services|vendors|providers|pages|tests|queries|jobs|tables|nodes|"
        "pods|servers|teams|"
        "interviews|questions|tokens|shifts|shops|versions|steps|options|releases|deals|visits|"
        "orders|events|points|regions|"
        "meetings|classes|lessons|products|features|experiments|models|endpoints|components|"
        "rounds|shards|replicas|cores|threads",
    ),
)
MAGNITUDES = {
    "万亿": 1e12,
    "亿": 1e8,
    "千万": 1e7,
    "百万": 1e6,
    "十万": 1e5,
    "万": 1e4,
    "千": 1e3,
    "k": 1e3,
    "w": 1e4,
    "m": 1e6,
    "mm": 1e6,
    "million": 1e6,
    "bn": 1e9,
    "b": 1e9,
    "billion": 1e9,
    "thousand": 1e3,
}
HAN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
HAN_TENS = {"十": 10, "百": 100, "千": 1000}
EN_NUMBERS = {
    word: float(value)
    for value, words in {
        0: "zero",
        2: "two",
        3: "three",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        15: "fifteen",
        20: "twenty",
        30: "thirty",
        40: "forty",
        50: "fifty",
        60: "sixty",
        90: "ninety",
    }.items()
    for word in words.split()
}
FRACTIONS = {
    "三分之一": 100 / 3,
    "三分之二": 200 / 3,
    "四分之一": 25.0,
    "四分之三": 75.0,
    "一半": 50.0,
    "减半": 50.0,
    "a third": 100 / 3,
    "one third": 100 / 3,
    "two thirds": 200 / 3,
    "a quarter of": 25.0,
    "half of": 50.0,
    "by half": 50.0,
    "halved": 50.0,
}
MULTIPLES = {"翻倍": 2.0, "翻番": 2.0, "doubled": 2.0, "tripled": 3.0}
