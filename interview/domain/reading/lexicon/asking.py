"""How the panel asks on: the words that tell what would answer a follow-up, in both languages."""

NUMBERS = (
    "how many|how much|how often|how long|how old|how far|how big|how close|how late|how fast|"
    "what share|what percentage|what part|which figure|what figure|what number|which number|"
    "what price|what salary|upper bound|lower bound|a figure|a range|"
    "多少|多久|多长|多大|多远|多快|几成|区间"
)

MOMENTS = (
    "when did|when do|when does|when is|when was|when were|when will|when would|when should|"
    "when have|when had|what time|which day|what day|which week|which month|which year|"
    "which minute|which hour|which quarter|什么时候|何时|哪天|哪一天|哪年|哪个月|几点|几号|第几"
)

OWNERS = "who|whose|whom|谁"

REASONS = "why|how come|what decides|what made|what caused|为什么|为何|凭什么|什么原因|因为什么"

SHARES = "share|percentage|per cent|percent|几成|比例|百分之几"
SPANS = "how long|how old|how late|多久|多长时间"
MONEY = "money|price|salary|cost|costs|worth|budget|bill|多少钱|工资|折成钱|花了多少|花多少"

# what says of a number that there is none, or one
NONE_OR_ONE = (
    "none|nobody|no one|never|zero|not one|not once|once|twice|half|all of them|every|each|"
    "double|一次|没有|零|一个|没人|一半|全部|每|两倍|翻倍"
)

# the beginning of an answer that says yes or no before anything else
YES_OR_NO = "yes|no|neither|both|never|not yet|是的|是|不是|有|没有|会|不会|能|不能|都不|两样"

# English words of three letters and more that every answer holds, whatever was asked
COMMON = (
    "the and you your yours was were are his her him she they them its our who whose whom which "
    "what when where why how did does done had has have having been being not but for from with "
    "that this these those then than into onto out off all any each one two ones own just only "
    "also very more most less least much many some such same too yet now can may might must "
    "shall will would could should get got make made take took give gave say said tell told "
    "think know knew see saw way day days time times year years week weeks month months last "
    "next first second before after since until while because about over under again still "
    "there here well good bad better best worse worst great big small long short high low new "
    "old work worked works working job team teams people person colleague colleagues everybody "
    "everyone somebody something nothing anything thing things result results decide decided "
    "decision measure measured weekly daily dashboard went came come goes going help helped "
    "need needed want wanted like really important matter matters cared care lot lots part "
    "parts case project company business put set let us me my mine we i'm i've i'd we're we've "
    "it's that's don't didn't "
)

# pairs of Chinese characters that every answer holds, whatever was asked
COMMON_PAIRS = (
    "我们 大家 团队 同事 当时 去年 今年 结果 决定 因为 所以 但是 如果 然后 接下 下来 之前 之后 "
    "每周 每天 看板 工作 项目 公司 问题 事情 时候 现在 已经 可以 需要 觉得 认为 知道 非常 很多 "
    "重视 关键 重要 结论 一个 一次 这个 那个 这么 那么 自己 做了 帮了 涨到 只有 方面 情况 进行 "
    "以后 后来 最后 先说"
)

# what begins with a capital and is nobody's name
NOT_NAMES = (
    "I The A An It We They He She This That There Monday Tuesday Wednesday Thursday Friday "
    "Saturday Sunday January February March April May June July August September October "
    "November December Yes No None Nobody Never Because"
)
